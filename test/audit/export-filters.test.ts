import { parseExportFilters, recordedFilters } from "../../src/audit/export/filters.ts";

const now = new Date("2026-03-31T12:00:00Z");

function parsed(text: string): unknown {
  const result = parseExportFilters(text.split(" ").filter(Boolean), now);
  return result.ok ? result.filters : result.fault;
}

test("nothing said is everything, as CSV", () => {
  expect(parsed("")).toEqual({ format: "csv" });
});

test("filters come in any order", () => {
  expect(parsed("resource orders-db since 30d format jsonl user Alice@Example.com until 1h30m")).toEqual({
    since: new Date("2026-03-01T12:00:00Z"),
    until: new Date("2026-03-31T10:30:00Z"),
    user: "alice@example.com",
    resource: "orders-db",
    format: "jsonl",
  });
});

test.each([
  ["since 2026-03-01", { since: new Date("2026-03-01T00:00:00Z") }],
  // To the end of the day, as a person means it.
  ["until 2026-02-28", { until: new Date("2026-03-01T00:00:00Z") }],
  ["since 2026-03-03 until 2026-03-03", { since: new Date("2026-03-03"), until: new Date("2026-03-04") }],
  ["since 2026-03-01T09:00Z", { since: new Date("2026-03-01T09:00:00Z") }],
  ["since 2026-03-01t09:00:00.250", { since: new Date("2026-03-01T09:00:00.250Z") }],
  ["since 2026-03-01T09:00:00+02:00", { since: new Date("2026-03-01T07:00:00Z") }],
  ["since 999999d", { since: new Date(0) }],
  ["--since 1h —format JSON", { since: new Date("2026-03-31T11:00:00Z"), format: "json" }],
  ["user <mailto:alice@example.com|alice@example.com>", { user: "alice@example.com" }],
  ["user person-7", { user: "person-7" }],
  ["type Grant", { type: "grant" }],
  ["type request.approved rule reading", { type: "request.approved", rule: "reading" }],
])("%s", (text, filters) => {
  expect(parsed(text)).toEqual({ format: "csv", ...filters });
});

test.each([
  ["sinse 30d", "“sinse” is not a filter, did you mean “since”? Allowed are since and until"],
  ["since 30d please", "“please” is not a filter. Allowed are"],
  ["toString x", "“toString” is not a filter. Allowed are"],
  ["since", "since needs a value after it. Allowed are"],
  ["since 1d since 2d", "since is given twice"],
  ["since yesterday", "since must be a duration back from now such as 30d or 12h, a day such as 2026-03-01"],
  ["since 2026-02-30", "since must be"],
  ["until 2026-13-01T00:00Z", "until must be"],
  ["until 2026", "until must be"],
  ["since 1d until 2d", "since must be earlier than until."],
  ["since 2026-03-04 until 2026-03-03", "since must be earlier than until."],
  ["type request.aproved", "got “request.aproved”, did you mean “request.approved”?"],
  ["type constructor", "type must be a kind of event such as request.approved, or request, approval"],
  ["user alice", "user must be an e-mail address, got “alice”."],
  ["user <@U123|alice>", "user must be an e-mail address, got “<@U123|alice>”."],
  ["format csvs", "format must be csv, jsonl or json, got “csvs”, did you mean “csv”?"],
  ["format xlsx", "format must be csv, jsonl or json, got “xlsx”."],
  [`format ${"x".repeat(5_000)}`, `format must be csv, jsonl or json, got “${"x".repeat(60)}…”.`],
])("%s is refused in words", (text, fault) => {
  expect(parsed(text)).toContain(fault);
});

test("what is recorded is what was asked for, without what was left out", () => {
  const since = new Date("2026-03-01T00:00:00Z");
  expect(recordedFilters({ format: "csv", since, user: "alice@example.com" })).toEqual({
    since: "2026-03-01T00:00:00.000Z",
    user: "alice@example.com",
  });
});
