import * as fc from "fast-check";
import { mentionsBreakGlass, parseCommandText } from "../../src/slack/command-text.ts";

/** What a command is read as, on one line. */
function read(text: string): string {
  const parsed = parseCommandText(text);
  if (!parsed.ok) return `not read: ${parsed.why}`;
  const { resource, role, durationSeconds, reason, ticket, isBreakGlass } = parsed;
  return [
    `${resource}:${role} ${durationSeconds / 60}m`,
    ...(isBreakGlass ? ["break-glass"] : []),
    ...(ticket === undefined ? [] : [`(${ticket})`]),
    reason,
  ].join(" ");
}

const asked = "orders-db:write 30m break-glass shop is down";

describe("break-glass is taken", () => {
  test.each([
    "orders-db write 30m break-glass shop is down",
    "orders-db write 30m Break-glass shop is down",
    "orders-db write 30m BREAK-GLASS shop is down",
    "orders-db write 30m breakglass shop is down",
    "orders-db write 30m break_glass shop is down",
    "orders-db write 30m break–glass shop is down",
    "orders-db write 30m break—glass shop is down",
    "orders-db write 30m break\u2011glass shop is down",
    "orders-db write 30m break−glass shop is down",
    "orders-db write 30m break\u00ADglass shop is down",
    "orders-db write 30m break-\u200Bglass shop is down",
    "orders-db write 30m ｂｒｅａｋ－ｇｌａｓｓ shop is down",
    "orders-db write 30m break-glass: shop is down",
    "orders-db write 30m Break-glass, shop is down",
    "orders-db write 30m “break-glass” shop is down",
    "orders-db write 30m `break-glass` shop is down",
    "orders-db write 30m *break-glass* shop is down",
    "orders-db write 30m --break-glass shop is down",
    "orders-db write 30m —break-glass shop is down",
    "orders-db write 30m break glass: shop is down",
    "orders-db write 30m Break\u00A0glass! shop is down",
    "orders-db write 30m break-glass\nshop is down",
    "break-glass orders-db write 30m shop is down",
    "Break glass orders-db write 30m shop is down",
    "break-glass: orders-db:write 30m shop is down",
    "orders-db break-glass write 30m shop is down",
    "orders-db:write break glass 30m shop is down",
    "orders-db write breakglass 30 minutes shop is down",
  ])("as it is spelled in %j", (text) => {
    expect(read(text)).toBe(asked);
  });

  test("as two words before a ticket, a dash, or nothing", () => {
    expect(read("orders-db write 30m break glass INC-9 burns")).toBe(
      "orders-db:write 30m break-glass (INC-9) INC-9 burns",
    );
    expect(read("orders-db write 30m break glass – it burns")).toBe(
      "orders-db:write 30m break-glass – it burns",
    );
    expect(read("orders-db write 30m break glass")).toBe("orders-db:write 30m break-glass ");
  });
});

describe("break-glass is not taken", () => {
  test.each([
    "fixing the break glass flow",
    "fixing the break-glass flow",
    "shop is down break-glass",
    "shop is down, break–glass!",
    "Breakglass-account is locked",
  ])("out of the reason %j", (reason) => {
    expect(read(`orders-db write 30m ${reason}`)).toBe(`orders-db:write 30m ${reason}`);
  });

  test.each([
    ["for a role of that name", "orders-db break-glass 30m why", "orders-db:break-glass 30m why"],
    ["for a resource of that name", "break-glass admin 30m why", "break-glass:admin 30m why"],
    [
      "for that of another name",
      "orders-db break-glass-admin 30m why",
      "orders-db:break-glass-admin 30m why",
    ],
    [
      "for other words",
      "orders-db write 30m breaking glass panes",
      "orders-db:write 30m breaking glass panes",
    ],
  ])("%s", (_, text, said) => {
    expect(read(text)).toBe(said);
  });

  test("out of two words that may be the reason: the answer says how to write it", () => {
    expect(read("orders-db write 30m break glass flow is broken")).toBe(
      "not read: Nothing was filed: “break glass” may belong to your reason. To take the access at once, where a rule lets you, write break-glass in one word before the reason: /request-access orders-db write 30m break-glass REASON. To ask the ordinary way, begin the reason with another word.",
    );
  });

  test("out of any reason that does not begin with it", () => {
    const words = fc.constantFrom(
      "break-glass",
      "break",
      "glass",
      "breakglass",
      "the",
      "1h",
      "INC-1",
      "–",
      ":",
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 8 }), (reason) => {
        const parsed = parseCommandText(`orders-db write 30m fixing ${reason.join(" ")}`);
        expect(parsed).toMatchObject({ ok: true, isBreakGlass: false, role: "write", durationSeconds: 1800 });
      }),
    );
  });
});

test.each([
  ["fixing the break glass flow", true],
  ["shop is down (Break–Glass)", true],
  ["the\nbreak\nglass", true],
  ["breaking glass", false],
  ["outbreak glass", false],
])("that %j speaks of break-glass is %j", (reason, is) => {
  expect(mentionsBreakGlass(reason)).toBe(is);
});

describe("names and durations are read as phones and pastes write them", () => {
  test.each([
    ["another dash", "orders–db write 30m why"],
    ["a dash nobody breaks at", "orders\u2011db write 30m why"],
    ["what nobody sees", "\u2060orders-\u200Bdb\uFEFF wr\u00ADite \u202A30m\u202C why"],
    ["tags", "orders-db\u{E0041}\u{E007F} write 30m why"],
    ["a no-break space", "orders-db\u00A0write\u202F30m\u00A0why"],
    ["a wide keyboard", "ｏｒｄｅｒｓ－ｄｂ：ｗｒｉｔｅ　３０ｍ　why"],
    ["curly quotes", "“orders-db” ‘write’ «30m» why"],
    ["backticks", "`orders-db:write` `30m` why"],
    ["a comma after each", "orders-db, write, 30m, why"],
    ["a full stop that a phone makes of two spaces", "orders-db write 30m. why"],
    ["a space after the colon", "orders-db: write 30m why"],
    ["spaces around the colon", "orders-db : write 30m why"],
    ["a unit of its own", "orders-db write 30 minutes why"],
    ["a no-break space before the unit", "orders-db write 30\u00A0min why"],
    ["a capital unit", "orders-db write 30M why"],
    ["a fraction", "orders-db write 0.5h why"],
    ["a comma for a point", "orders-db write 0,5h why"],
  ])("%s", (_, text) => {
    expect(read(text)).toBe("orders-db:write 30m why");
  });

  test("an amount of time that may belong to the duration or the reason is asked back", () => {
    for (const text of ["1h 30m outage", "1 hour 30 minutes outage", "1 h and 30 min outage"])
      expect(read(`orders-db write ${text}`)).toMatch(/^not read: .* Write it as one word, 1h30m, or begin/);
    expect(read("orders-db write 1h 30 people wait")).toBe("orders-db:write 60m 30 people wait");
    expect(read("orders-db write 30m 1h outage")).toBe("orders-db:write 30m 1h outage");
  });

  test.each(["2", "2 of them", "1h30", "1.255h", "1/2h", "an hour", "2 weeks"])(
    "%j is no duration, and the answer says how to write one",
    (text) => {
      expect(read(`orders-db write ${text} why`)).toMatch(
        /is not a duration. Write it like 45m, 2h or 1h30m\.$/,
      );
    },
  );
});

test("the reason stays as it was typed", () => {
  const reason = "“quotes” – and\u00A0more…\n２ lines \u202Eback\u202C";
  expect(parseCommandText(`orders-db write 30m ${reason}  `)).toMatchObject({ reason });
});
