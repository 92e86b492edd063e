import * as fc from "fast-check";
import { compileCondition, type ConditionResult } from "../../src/policy/conditions/condition.ts";
import { facts, resultOf } from "./condition-facts.ts";

const names =
  "request requester resource now timezone history groups grants denials ticket duration reason on_call risk g " +
  "size int string matches contains getHours timestamp all exists filter exists_one has map dyn type cel " +
  "__proto__ constructor toString prototype true false null if in";
const signs = ". , ( ) [ ] { } ? : ! & | = # @ ` \\ - + * / % < <= > >= == != && ||";
const literals = `"a" 'b' "4h" "UTC" r"\\d" b"x" " ''' 0 1 42 1.5 1u 0x1F 1e9`;
const token = fc.constantFrom("\n", "// x\n", ...`${names} ${signs} ${literals}`.split(" "));
const tokens = fc.array(token, { maxLength: 25 }).map((parts) => parts.join(" "));

/** Texts with some grammar in them, so that many get as far as being evaluated. */
const written = fc.letrec<{ condition: string; value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(
      "request.ticket",
      `"INC-42"`,
      "request.reason",
      "resource.risk",
      "1",
      "0",
      "2",
      "now",
      "request.duration",
    ),
    fc.constantFrom(
      `duration("4h")`,
      `timestamp("2026-07-01T12:00:00Z")`,
      "requester.groups",
      "history.grants[0].role",
      "[]",
    ),
    fc
      .tuple(tie("value"), fc.constantFrom("+", "-", "*", "/", "%"), tie("value"))
      .map((parts) => `(${parts.join(" ")})`),
    fc
      .tuple(fc.constantFrom("size", "int", "string"), tie("value"))
      .map(([name, value]) => `${name}(${value})`),
    fc
      .tuple(tie("value"), fc.constantFrom("trim()", "getHours()", `getHours("UTC")`))
      .map((parts) => parts.join(".")),
    fc.tuple(tie("condition"), tie("value"), tie("value")).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    fc.tuple(tie("value"), tie("value")).map(([a, b]) => `[${a}, ${b}]`),
  ),
  condition: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(
      "true",
      "false",
      "requester.on_call",
      "history.grants[7].active",
      `"a" in requester.groups`,
    ),
    fc
      .tuple(tie("value"), fc.constantFrom("==", "!=", "<", ">=", "in"), tie("value"))
      .map((parts) => parts.join(" ")),
    fc
      .tuple(tie("condition"), fc.constantFrom("&&", "||"), tie("condition"))
      .map((parts) => `(${parts.join(" ")})`),
    tie("condition").map((inner) => `!(${inner})`),
    fc
      .tuple(tie("value"), fc.constantFrom("all", "exists", "exists_one"), tie("condition"))
      .map(([list, name, inner]) => `${list}.${name}(g, ${inner})`),
  ),
})).condition;

function wordResult(result: ConditionResult): string {
  return "failed" in result ? `failed: ${result.failed}` : String(result.holds);
}

const aResult = /^(?:true|false|failed: \P{Cc}+)$/u;

test("no text makes it throw; what is wrong is one line at a place in the text", () => {
  let evaluated = 0;
  const any = fc.oneof(fc.string({ unit: "binary", maxLength: 60 }), tokens, written, written);
  fc.assert(
    fc.property(any, (text) => {
      const compiled = compileCondition(text);
      if (compiled.ok) {
        evaluated++;
        const first = wordResult(compiled.condition.evaluate(facts));
        return aResult.test(first) && wordResult(compiled.condition.evaluate(facts)) === first;
      }
      const { message, offset } = compiled;
      return (
        /^(?:expected|unknown) \P{Cc}+$/u.test(message) &&
        !/_\(|undefined|protobuf/u.test(message) &&
        offset >= 0 &&
        offset <= text.length
      );
    }),
    { numRuns: 1000 },
  );
  expect(evaluated).toBeGreaterThan(100);
});

test("no facts make it throw", () => {
  const text = fc.string({ unit: "binary", maxLength: 20 });
  const time = fc.date({ noInvalidDate: false });
  const any = fc.record({
    request: fc.record({
      resource: text,
      role: text,
      durationSeconds: fc.double(),
      reason: text,
      ticket: fc.option(text, { nil: undefined }),
      source: text,
      ip: fc.option(text, { nil: undefined }),
    }),
    requester: fc.record({ email: text, groups: fc.array(text), onCall: fc.boolean() }),
    resource: fc.record({ name: text, risk: text }),
    now: time,
    timezone: fc.oneof(text, fc.constant("UTC")),
    history: fc.record({
      grants: fc.array(fc.record({ resource: text, role: text, rule: text, startedAt: time })),
      denials: fc.array(fc.record({ resource: text, role: text, at: time })),
    }),
  });
  const asked = [
    `request.duration > duration("1h") && request.reason.matches("a|b") && int(request.ticket) > 1`,
    `now.getHours(timezone) > 1 || now.getDayOfYear() > 1 || history.grants.exists(g, now - g.started_at > duration("1h"))`,
    `requester.groups.exists(g, g.lowerAscii() == request.role) || history.denials[0].at < now`,
  ];
  fc.assert(
    fc.property(any, fc.constantFrom(...asked), (given, condition) => {
      expect(wordResult(resultOf(condition, given))).toMatch(aResult);
    }),
  );
});

test("a zone's hours and days are those that its clocks show", () => {
  const zone = fc.constantFrom(
    "UTC",
    "Europe/London",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
  );
  const time = fc.date({ min: new Date("1990-01-01"), max: new Date("2050-01-01"), noInvalidDate: true });
  fc.assert(
    fc.property(zone, time, (timeZone, now) => {
      const shown = (options: Intl.DateTimeFormatOptions) =>
        new Intl.DateTimeFormat("en-GB", { timeZone, ...options }).format(now);
      const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
      const condition =
        `now.getHours("${timeZone}") == ${Number(shown({ hour: "2-digit", hourCycle: "h23" }))}` +
        ` && now.getDayOfWeek("${timeZone}") == ${days.indexOf(shown({ weekday: "short" }))}` +
        ` && now.getDate("${timeZone}") == ${shown({ day: "numeric" })}` +
        ` && now.getMonth("${timeZone}") == ${Number(shown({ month: "numeric" })) - 1}` +
        ` && now.getFullYear("${timeZone}") == ${shown({ year: "numeric" })}`;
      expect(resultOf(condition, { now })).toEqual({ holds: true });
    }),
  );
});

test("durations compare and add up like their milliseconds", () => {
  const milliseconds = fc.integer({ min: -1e9, max: 1e9 });
  fc.assert(
    fc.property(milliseconds, milliseconds, (one, other) => {
      const [a, b, sum, difference] = [one, other, one + other, one - other].map(
        (value) => `duration("${value}ms")`,
      );
      expect(resultOf(`(${a} < ${b}) == ${one < other} && (${a} == ${b}) == ${one === other}`)).toEqual({
        holds: true,
      });
      expect(resultOf(`${a} + ${b} == ${sum} && ${a} - ${b} == ${difference}`)).toEqual({ holds: true });
    }),
  );
});

test("times compare like numbers, and their differences like durations", () => {
  const second = fc.integer({ min: 0, max: 2e9 });
  fc.assert(
    fc.property(second, second, (one, other) => {
      const text = `timestamp("${new Date(other * 1000).toISOString().replace(".000", "")}")`;
      const now = new Date(one * 1000);
      expect(resultOf(`(now < ${text}) == ${one < other}`, { now })).toEqual({ holds: true });
      expect(resultOf(`now - ${text} == duration("${one - other}s")`, { now })).toEqual({ holds: true });
      expect(resultOf(`${text} + (now - ${text}) == now`, { now })).toEqual({ holds: true });
    }),
  );
});
