import { PEOPLE } from "../../slack-simulator/seed.ts";
import type { SeenMessage } from "../../slack-simulator/seen.ts";
import { numberOf, threadSays } from "../support/ask.ts";
import { fillsForm, opensForm } from "../support/form.ts";
import { ordinaryPolicy, startWorld, type World } from "../support/hallpass.ts";
import { assertInert, cellsOf } from "../support/inert.ts";
import { assertNoProblems } from "../support/slack-limits.ts";

const bait =
  "<!channel> <https://evil.example|click me> <@U0DANA> <!subteam^S0SECURITY> *x* _y_ `z` ~s~ =cmd() & &lt; :boom: @here @dana #general";

const texts = {
  "all of Slack's markup": bait,
  "3,000 characters of it": bait.repeat(30).slice(0, 3000),
  "what JSON doubles": `"\\`.repeat(1500),
  emoji: "👩‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿 👍🏽 🇬🇧 e\u0301 ☠️",
  "text that turns its direction": "\u202Eevorppa\u202C \u2066left\u2069 \u200Fright\u200E שלום",
  "lines that look like ours": "fix\n\n@Bob asks · 🟢 Low risk\n> quoted\n✅ Approved by @dana",
  "a formula": '=HYPERLINK("https://evil.example","x")',
};

const hostileName =
  '<!here> *M* <https://e.example|m> & \u202Eynoced =cmd()|"a"!A0\n@Bob asks · 🟢 Low risk :boom:';
const shownName = '<!here> *M* <https://e.example|m> & ynoced =cmd()|"a"!A0 @Bob asks · 🟢 Low risk :boom:';
/** Who takes part, and may therefore be mentioned. */
const known = ["U0ALICE", "U0BOB", "U0CAROL", "U0MALLORY"];

let world: World;
beforeAll(async () => {
  const people = PEOPLE.map((person) =>
    person.name === "bob" ? { ...person, realName: hostileName } : person,
  );
  world = await startWorld({
    policy: (names) =>
      ordinaryPolicy(names).replace(
        "engineers: { members: [",
        "engineers: { members: [mallory@example.com, ",
      ),
    slack: { seed: { people: [...people, { name: "mallory", realName: hostileName }] } },
  });
});
afterEach(() => {
  assertInert(world.slack, known);
  assertNoProblems(world.slack);
});
afterAll(() => world?.stop());

/** The quotes of a message, whole: what people said, and nothing else beside it. */
function quotes(message: SeenMessage): readonly unknown[] {
  return message.blocks
    .flatMap(({ elements }) => (Array.isArray(elements) ? (elements as readonly Quote[]) : []))
    .flatMap(({ type, elements }) => (type === "rich_text_quote" ? [elements] : []));
}
type Quote = { readonly type: string; readonly elements: unknown };

/** As it was typed, but for what turns the direction of the text after it. */
function quoted(text: string): unknown {
  return [{ type: "text", text: text.replaceAll(/[\u202A-\u202E\u2066-\u2069]/g, "") }];
}

/** As Slack delivers it. */
function delivered(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

async function asks(who: string, reason: string): Promise<SeenMessage> {
  const { slack } = world;
  const before = slack.channel("#access-requests").messages().length;
  await slack.as(who).types(`/request-access orders-db read 1h ${delivered(reason)}`);
  return slack.until(() => slack.channel("#access-requests").messages()[before], "the approval message");
}

async function denies(message: SeenMessage, why: string): Promise<void> {
  const { slack } = world;
  const bob = slack.as("bob");
  await bob.presses(message, "Deny");
  await slack.until(() => bob.modal(), "the form to deny");
  await bob.fills("Reason", why);
  expect(await bob.submits()).toMatchObject({ closed: true });
}

describe.each(Object.entries(texts))("%s", (_, text) => {
  it("is what it is as a reason, by form", async () => {
    const { slack } = world;
    const alice = slack.as("alice");
    const before = slack.channel("#access-requests").messages().length;
    await opensForm(slack, alice);
    const resource = "Orders database (production)";
    await fillsForm(slack, alice, { resource, role: "Read only", reason: text, ticket: text.slice(0, 100) });
    expect(await alice.submits()).toMatchObject({ closed: true });
    const message = await slack.until(
      () => slack.channel("#access-requests").messages()[before],
      "the message",
    );
    expect(quotes(message)).toEqual([quoted(text)]);
  });

  it("is what it is as a reason, by command, and as the reason for a denial", async () => {
    const { slack } = world;
    const message = await asks("alice", text);
    expect(quotes(message)).toEqual([quoted(text)]);
    const why = text.slice(0, 1000);
    await denies(message, why);
    const denied = await threadSays(world, message, "Denied by <@U0BOB>");
    expect(quotes(denied)).toEqual([quoted(why)]);
    await slack.until(() => slack.fresh(message).buttons.length === 0, "the buttons to go");
    expect(quotes(slack.fresh(message))).toEqual([quoted(text), quoted(why)]);
    const number = `AR-${numberOf(message)}`;
    const told = await slack.until(
      () =>
        slack
          .as("alice")
          .directMessages()
          .find(({ visibleText }) => visibleText.includes(`${number} `) && visibleText.includes("denied by")),
      "alice to be told",
    );
    expect(quotes(told)).toEqual([quoted(why)]);
  });
});

it("the requester's name is what it is, on one line, and turns nothing that stands beside it", async () => {
  const message = await asks("mallory", "who am I");
  const shown = message.visibleText.split("\n");
  expect(shown.filter((line) => /^\S+ asks · /.test(line))).toEqual(["<@U0MALLORY> asks · 🔴 High risk"]);
  expect(shown.at(-1)).toContain(` · ${shownName}, mallory@example.com · `);
  expect(message.text).toContain(delivered(shownName));
  await denies(message, "nobody knows");
  await threadSays(world, message, "Denied by");
});

it("nobody denies for a reason that cannot be read", async () => {
  const { slack } = world;
  const message = await asks("alice", "read me");
  const bob = slack.as("bob");
  await bob.presses(message, "Deny");
  await slack.until(() => bob.modal(), "the form to deny");
  await bob.fills("Reason", "\u200B\u2060 ");
  expect(await bob.submits()).toMatchObject({ closed: false, errors: { Reason: expect.any(String) } });
  expect(slack.fresh(message).buttons).toEqual(["Approve", "Deny"]);
  await bob.closes();
});

async function exported(format: string): Promise<string> {
  const { slack } = world;
  const dana = slack.as("dana");
  const before = dana.files().length;
  await dana.types(`/access-audit export format ${format}`);
  return (await slack.until(() => dana.files()[before], `the ${format} file`)).content;
}

it("comes out of the audit as it went in, a line each in JSON", async () => {
  const events = (await exported("jsonl"))
    .trimEnd()
    .split("\n")
    .map((line): { readonly type: string; readonly data: { readonly reason?: string } } => JSON.parse(line));
  for (const text of Object.values(texts)) {
    const asked = events.filter(({ type, data }) => type === "request.created" && data.reason === text);
    expect(asked).toHaveLength(2);
    const denied = events.filter(
      ({ type, data }) => type === "request.denied" && data.reason === text.slice(0, 1000),
    );
    expect(denied).toHaveLength(1);
  }
});

it("no cell of the audit is a formula", async () => {
  const [header = [], ...rows] = cellsOf(await exported("csv"));
  expect(rows.length).toBeGreaterThan(20);
  expect(rows.filter((row) => row.length !== header.length)).toEqual([]);
  expect(rows.flat().filter((cell) => /^\s*[=+\-@\t\r]/u.test(cell))).toEqual([]);
  const reasons = rows.map((row): { readonly reason?: string } =>
    JSON.parse(row[header.indexOf("data")] ?? ""),
  );
  expect(reasons.filter(({ reason }) => reason === texts["a formula"])).toHaveLength(3);
});
