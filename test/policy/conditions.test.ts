import { compileCondition } from "../../src/policy/conditions/condition.ts";
import { conditionOf, facts, resultOf } from "./condition-facts.ts";

const at = (now: string) => ({ now: new Date(now) });

describe("a condition reads what is known of a request", () => {
  test.each([
    [`request.resource == "orders" && request.role == "write"`, true],
    [`request.duration <= duration("2h")`, true],
    [`request.duration < duration("2h")`, false],
    [`request.duration == duration("1h59m60s") && request.duration.getMinutes() == 120`, true],
    [`request.duration > duration("1.5h") && request.duration < duration("7200001ms")`, true],
    [`request.reason.size() >= 10 && size(request.reason) == 19`, true],
    [`request.ticket.matches("^INC-[0-9]+$")`, true],
    [`request.ticket.matches(r"^INC-\\d{3}$")`, false],
    [`request.source == "slack" && request.ip == ""`, true],
    [`requester.email.endsWith("@example.com")`, true],
    [`"engineers" in requester.groups && !("security" in requester.groups)`, true],
    [`requester.groups.exists(g, g.startsWith("on-")) && requester.groups.size() == 2`, true],
    [`requester.groups.all(g, g.contains("e"))`, false],
    [`requester.groups.exists_one(g, g == "on-call")`, true],
    [`requester.on_call`, true],
    [`resource.risk in ["low", "medium"] || resource.name == "orders"`, true],
    [`request.duration <= (resource.risk == "high" ? duration("1h") : duration("8h"))`, false],
    [`now > timestamp("2026-07-01T13:59:59+02:00") && now == timestamp("2026-07-01T12:00:00Z")`, true],
    [`now + request.duration == timestamp("2026-07-01T14:00:00Z")`, true],
    [`int("-42") + 2 * 3 - 7 / 2 % 2 == -37 && string(42) == "42"`, true],
    [`"ÀbC".lowerAscii() == "Àbc" && "àbc".upperAscii() == "àBC" && "\u212A".lowerAscii() != "k"`, true],
    [`" a ".trim() == "a" && "a" + "b" < "b"`, true],
    [`duration("1s") + duration("-500ms") == duration("500ms")`, true],
    [`duration("-1.5s") < duration("-1s") && -1.5 < 0.0`, true],
  ])("%s: %s", (text, holds) => {
    expect(resultOf(text)).toEqual({ holds });
  });

  test("what a request leaves out is an empty text", () => {
    const { ticket: _ticket, ...request } = facts.request;
    expect(resultOf(`request.ticket == "" && request.ip == ""`, { request })).toEqual({ holds: true });
  });

  test("history has what lasts as active, and ending now at the earliest", () => {
    expect(resultOf(`history.grants[0].active && history.grants[0].ended_at == now`)).toEqual({
      holds: true,
    });
    expect(resultOf(`!history.grants[1].active && history.grants[1].rule == "writing"`)).toEqual({
      holds: true,
    });
    const recent = `history.grants.filter(g, now - g.ended_at < duration("24h")).size() == 1`;
    expect(resultOf(recent)).toEqual({ holds: true });
    const denied = `history.denials.exists(d, d.resource == request.resource && now - d.at < duration("73h"))`;
    expect(resultOf(denied)).toEqual({ holds: true });
    expect(resultOf(denied, at("2026-07-03T12:00:00Z"))).toEqual({ holds: false });
  });

  test("a list inside a list", () => {
    const again = `history.grants.exists(g, history.denials.exists(d, d.at < g.started_at && d.resource == g.resource))`;
    expect(resultOf(again)).toEqual({ holds: true });
  });
});

describe("dates are those of a zone", () => {
  test.each([
    ["2026-07-01T12:00:00Z", `now.getHours() == 12 && now.getHours("Europe/London") == 13`],
    ["2026-07-01T12:00:00Z", `now.getHours(timezone) == 13`],
    // London's clocks go from 01:00 to 02:00, and from 02:00 back to 01:00.
    ["2026-03-29T00:59:59Z", `now.getHours("Europe/London") == 0 && now.getMinutes("Europe/London") == 59`],
    ["2026-03-29T01:00:00Z", `now.getHours("Europe/London") == 2`],
    ["2026-10-25T00:59:59Z", `now.getHours("Europe/London") == 1`],
    ["2026-10-25T01:00:00Z", `now.getHours("Europe/London") == 1`],
    ["2026-10-25T02:00:00Z", `now.getHours("Europe/London") == 2`],
    // A time that no clock in New York shows must be right for London all the same.
    ["2026-03-08T02:30:00Z", `now.getHours("Europe/London") == 2 && now.getHours("Asia/Tokyo") == 11`],
    ["2026-01-04T02:00:00Z", `now.getDayOfWeek() == 0 && now.getDayOfWeek("America/New_York") == 6`],
    [
      "2026-01-01T00:30:00Z",
      `now.getFullYear("America/New_York") == 2025 && now.getMonth("America/New_York") == 11`,
    ],
    [
      "2026-01-01T00:30:00Z",
      `now.getDate("America/New_York") == 31 && now.getDayOfMonth("America/New_York") == 30`,
    ],
    ["2026-01-01T00:30:00Z", `now.getDayOfYear() == 0 && now.getDayOfYear("America/New_York") == 364`],
    ["2026-07-01T12:00:00Z", `now.getDayOfYear() == 181 && now.getDayOfYear("Europe/London") == 181`],
    ["2026-07-01T00:00:00Z", `now.getHours("Asia/Kathmandu") == 5 && now.getMinutes("Asia/Kathmandu") == 45`],
    ["2026-07-01T23:00:00Z", `now.getHours("Europe/London") == 0 && now.getSeconds("Europe/London") == 0`],
  ])("%s: %s", (now, text) => {
    expect(resultOf(text, at(now))).toEqual({ holds: true });
  });
});

describe("a mistake is found before a policy is used, where it stands", () => {
  const known = "Known here: resource, role, duration, reason, ticket, source, ip";
  test.each([
    [`request.tikcet == ""`, "tikcet", `unknown field "tikcet", did you mean "ticket"? ${known}`],
    [`request.__proto__ == ""`, "__proto__", `unknown field "__proto__". ${known}`],
    [`request.constructor == ""`, "constructor", `unknown field "constructor". ${known}`],
    [`requestor.email == ""`, "requestor", `unknown name "requestor", did you mean "requester"?`],
    [`requester.groups.exists(g, h == "")`, "h ==", `unknown name "h"`],
    [`history.grants.exists(g, g.rol == "")`, "rol =", `unknown field "rol", did you mean "role"?`],
    [`request.toString() == ""`, "request", `unknown function "toString"`],
    [
      `true && request.ticket.startWith("x")`,
      "request",
      `unknown function "startWith", did you mean "startsWith"?`,
    ],
    [`dyn(1) == 1`, "dyn", `unknown function "dyn"`],
    [`request.ticket.matches_("x")`, "request", `unknown function "matches_", did you mean "matches"?`],
    [
      `requester.on_call && request.duration > 4`,
      "request.d",
      `expected values that > takes together, got duration and int; a duration is written duration("4h")`,
    ],
    [
      `now > "2026-01-01"`,
      "now",
      `expected values that > takes together, got timestamp and string; a time is written timestamp("2026-03-29T01:00:00Z")`,
    ],
    [`request.ticket in "abc"`, "request", "expected values that in takes together, got string and string"],
    [`!request.ticket`, "!", "expected a value that ! takes, got string"],
    [`request.ticket && true`, "request", "expected bool on both sides of && and ||, got string"],
    [`request.ticket ? true : false`, "ticket", "expected bool, got string"],
    [
      `(true ? 1 : "a") == 1`,
      "true",
      "expected the same type on both sides of the colon, got int and string",
    ],
    [`[1, "a"].exists(x, true)`, `"a"`, "expected a list of one type, got int and string"],
    [`requester.groups.exists(g, g)`, "g)", "expected bool, got string"],
    [`request.ticket.all(x, true)`, "ticket", "expected a list, got string"],
    [`request.ticket.size`, "size", "expected a value that has fields, got string"],
    [`request[0] == ""`, "request", "expected a value that has items, got request"],
    [`request["ticket"] == ""`, `"ticket"`, "expected a whole number between [ and ]"],
    [`request[request.reason] == ""`, "reason", "expected a whole number between [ and ]"],
    [`request.ticket.contains(1)`, "request", "expected string.contains(string), got string.contains(int)"],
    [`contains("a", "b")`, "contains", "expected string.contains(string), got contains(string, string)"],
    [
      `request.ticket.getHours() == 1`,
      "request",
      `expected timestamp.getHours("Europe/London") or duration.getHours(), got string.getHours()`,
    ],
    [`requester.groups.exists(g)`, "requester", "expected list.exists(name, condition)"],
    [
      `requester.groups.exists(now, true)`,
      "now",
      `expected a name of its own for what is in the list, got "now" again`,
    ],
    [`requester.groups.exists(1, true)`, "1", `expected a name for what is in the list, got "1"`],
    [`request.ticket`, "request", "expected true or false, got string"],
    [`request.duration`, "request", "expected true or false, got duration"],
    [
      `now.getHours("Europe/Lodnon") == 1`,
      `"Eur`,
      `expected an IANA time zone such as "Europe/London", got "Europe/Lodnon"`,
    ],
    [
      `now.getHours("+02:00") == 1`,
      `"+02`,
      `expected an IANA time zone such as "Europe/London", got "+02:00"`,
    ],
    [
      `now.getHours(request.reason) == 1`,
      "reason",
      `expected timestamp.getHours("Europe/London"), with a text in quotes`,
    ],
    [`request.ticket.matches("[")`, `"["`, `expected a pattern in RE2's syntax, got "[": missing closing ]`],
    [`"a".matches(request.reason)`, "reason", `expected string.matches("pattern"), with a text in quotes`],
    [
      `request.duration < duration("7d")`,
      `"7d"`,
      `expected a duration such as "1h30m", got "7d"; CEL counts no days, a day is "24h"`,
    ],
    [`request.duration < duration("m")`, `"m"`, `expected a duration such as "1h30m", got "m"`],
    [
      `now < timestamp("2026-02-30T00:00:00Z")`,
      `"2026`,
      `expected a time such as "2026-03-29T01:00:00Z", got "2026-02-30T00:00:00Z"`,
    ],
    [
      `now < timestamp("Jul 1, 2026, 12:00:00")`,
      `"Jul`,
      `expected a time such as "2026-03-29T01:00:00Z", got "Jul 1, 2026, 12:00:00"`,
    ],
    [`has(request.ticket)`, "has", `expected no has(): what a request leaves out is there, and ""`],
    [`request.ticket == null`, "null", `expected a value, got null: what a request leaves out is ""`],
    [`{"a": 1}.a == 1`, "{", "expected no map: a condition has lists and texts, and x ? a : b to choose"],
    [`[requester.groups] == []`, "groups", "expected a text or a number, got a list inside a list"],
    [`b"a" == b"a"`, "b", `expected a text or a number, got "b\\"a\\""`],
    [`1u == 1u`, "1u", `expected a text or a number, got "1u"`],
    [`9223372036854775808 > 0`, "9", `expected a number of at most 64 bits, got "9223372036854775808"`],
    [`request.ticket = ""`, "= ", `expected an operator or the end, got "=", did you mean ==?`],
    [`true and false`, "and", `expected an operator or the end, got "and", did you mean &&?`],
    [`(true`, "", "expected a closing ), got the end"],
    [`true &&`, "", "expected a value, got the end"],
    [`true && )`, ")", `expected a value, got ")"`],
    [``, "", "expected a value, got the end"],
    [`request.ticket == "abc`, `"abc`, "expected a closing quote, got the end"],
    [
      `request.ticket.matches("\\.")`,
      "\\.",
      'expected an escape such as \\n, got \\.; in r"..." a backslash stands for itself',
    ],
    [`request.if == ""`, "if", `unknown field "if"`],
    [`if == ""`, "if", `expected a name, got "if", which CEL reserves`],
  ])("%s", (text, sought, message) => {
    const offset = sought === "" ? text.length : text.indexOf(sought);
    const compiled = compileCondition(text);
    expect(compiled).toMatchObject({ ok: false, offset });
    expect(compiled.ok ? "" : compiled.message.slice(0, message.length)).toBe(message);
  });
});

describe("what cannot be decided says why, and is neither true nor false", () => {
  test.each([
    [`1 / 0 == 1`, "division by zero"],
    [`1 % (request.duration.getHours() - 2) == 1`, "modulo by zero"],
    [`history.grants[5].active`, "index out of bounds, index 5 >= size 2"],
    [`int(request.ticket) > 1`, `expected a whole number, got "INC-42"`],
    [`int(request.ip) == 0`, `expected a whole number, got ""`],
    [`int("0b11") == 3`, `expected a whole number, got "0b11"`],
    [`9223372036854775807 + request.duration.getHours() > 0`, "integer overflow: 9223372036854775809"],
    [`requester.groups.all(g, int(g) == 1)`, `expected a whole number, got "engineers"`],
  ])("%s", (text, failed) => {
    expect(resultOf(text)).toEqual({ failed });
  });

  test("a side that decides alone makes the other's failure harmless", () => {
    expect(resultOf(`1 / 0 == 1 || requester.on_call`)).toEqual({ holds: true });
    expect(resultOf(`1 / 0 == 1 && !requester.on_call`)).toEqual({ holds: false });
    expect(resultOf(`1 / 0 == 1 || !requester.on_call`)).toEqual({ failed: "division by zero" });
    expect(resultOf(`requester.groups.exists(g, 1 / 0 == 1 || g == "on-call")`)).toEqual({ holds: true });
  });
});

test("a condition says what it reads", () => {
  const usesOf = (text: string) => [...conditionOf(text).uses].toSorted();
  expect(usesOf(`request.ticket != "" && requester.on_call && request.duration < duration("1h")`)).toEqual([
    "on_call",
  ]);
  expect(usesOf(`"a" in requester.groups`)).toEqual(["groups"]);
  expect(usesOf(`[requester].exists(r, "a" in r.groups)`)).toEqual(["groups"]);
  expect(usesOf(`history.grants.size() == 0`)).toEqual(["history"]);
  expect(usesOf(`history.denials.exists(d, now - d.at < duration("1h"))`)).toEqual(["history", "now"]);
});

test("a condition that does not read history is not slowed down by it", () => {
  const history = { grants: [], denials: [] };
  Object.defineProperty(history.grants, "map", { value: undefined });
  expect(resultOf("requester.on_call", { history })).toEqual({ holds: true });
});

describe("a condition cannot take long", () => {
  const slow =
    "expected a condition that is quickly decided, got one that goes through long lists inside long lists";

  test.each([
    "requester.groups.all(a, requester.groups.all(b, requester.groups.all(c, a == b || b == c)))",
    "requester.groups.all(a, requester.groups.all(b, a == b))",
    "requester.groups.all(a, a in requester.groups + requester.groups)",
    "requester.groups.filter(a, true).all(a, (true ? requester.groups : []).all(b, a == b))",
    `requester.groups.all(a, request.reason.matches("(.*a){100}"))`,
    `${"[1,2,3,4,5,6,7,8,9,0].all(a, ".replace("a", "a")}${Array.from({ length: 9 }, (_, index) => `[1,2,3,4,5,6,7,8,9,0].all(a${index}, `).join("")}true${")".repeat(10)}`,
  ])("%s", (text) => {
    expect(compileCondition(text)).toEqual({ ok: false, message: slow, offset: 0 });
  });

  test("lists longer than a condition was made for do not change that", () => {
    const text = "requester.groups.all(a, history.grants.all(b, a != b.role && a != b.resource))";
    const groups = Array.from({ length: 5000 }, (_, index) => `group-${index}`);
    const grants = Array.from({ length: 50 }, () => facts.history.grants).flat();
    const history = { ...facts.history, grants };
    const requester = { ...facts.requester, groups };
    expect(resultOf(text)).toEqual({ holds: true });
    expect(resultOf(text, { requester, history })).toEqual({ failed: slow });
    // One that goes through each list once is decided all the same.
    expect(resultOf(`"group-4999" in requester.groups`, { requester })).toEqual({ holds: true });
    expect(resultOf(`requester.groups.exists(g, g == "group-4999")`, { requester })).toEqual({ holds: true });
  });

  test.each([
    ["too long", `true${" ".repeat(2000)}`, "expected at most 2000 characters, got more"],
    ["too deep", `${"(".repeat(100)}true${")".repeat(100)}`, "expected a simpler condition"],
    ["too many parts", `${"!".repeat(1500)}true`, "expected a simpler condition"],
  ])("%s", (_title, text, message) => {
    const compiled = compileCondition(text);
    expect(compiled.ok ? "" : compiled.message.slice(0, message.length)).toBe(message);
  });

  test("what people write cannot make a pattern run for years", () => {
    const request = { ...facts.request, reason: `${"a".repeat(3000)}!` };
    expect(resultOf(`request.reason.matches("^(a+)+$")`, { request })).toEqual({ holds: false });
  });
});
