import { createHash } from "node:crypto";
import fc from "fast-check";
import { canonicalize } from "json-canonicalize";
import { canonicalRecord, type ChainedEvent, chainedFields, linkHash } from "../../src/audit/chain/chain.ts";

const event: ChainedEvent = {
  id: "0195d0a0-0000-7000-8000-000000000001",
  seq: 7,
  at: "2026-03-03T10:00:00.120Z",
  type: "request.denied",
  requestId: null,
  requestNumber: null,
  grantId: null,
  actorKind: "person",
  actorEmail: "bob@example.com",
  actorPerson: null,
  actorSlackId: null,
  requesterEmail: null,
  requesterPerson: null,
  resource: null,
  role: null,
  rule: null,
  policyVersion: null,
  dedupeKey: null,
  data: '{"reason": "no", "name": "Bob"}',
};

it("writes an event as RFC 8785 says: keys in order, no spaces, what is NULL left out", () => {
  expect(canonicalRecord(event)).toBe(
    '{"actorEmail":"bob@example.com","actorKind":"person","at":"2026-03-03T10:00:00.120Z",' +
      '"data":{"name":"Bob","reason":"no"},"id":"0195d0a0-0000-7000-8000-000000000001","seq":7,"type":"request.denied"}',
  );
});

it("orders keys where one begins as the other", () => {
  const data = '{"a!": 3, "a ": 2, "a": 1, "": 0}';
  expect(canonicalRecord({ ...event, data })).toContain('"data":{"":0,"a":1,"a ":2,"a!":3}');
});

it("writes whatever stands in an event as an independent implementation of the RFC does", () => {
  const key = fc.oneof(
    fc.string(),
    fc.nat().map(String),
    fc.constantFrom("__proto__", "€", "\u0080", "\u{1f600}", "\uffff", "a", "B"),
    fc.string({ unit: fc.constantFrom("a", " ", "!", "#", '"'), maxLength: 3 }),
  );
  const { json } = fc.letrec((tie) => ({
    json: fc.oneof(
      { maxDepth: 3 },
      fc.string({ unit: "grapheme" }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("json"), { maxLength: 4 }),
      fc.dictionary(
        key.filter((name) => name !== "toJSON"),
        tie("json"),
        { maxKeys: 5 },
      ),
    ),
  }));
  fc.assert(
    fc.property(json, fc.string(), (data, rule) => {
      const filled = { ...event, rule, data: JSON.stringify({ data }) };
      const entries = Object.entries(filled).filter(([, value]) => value !== null);
      const whole = { ...Object.fromEntries(entries), data: JSON.parse(filled.data) as unknown };
      expect(canonicalRecord(filled)).toBe(canonicalize(whole));
    }),
    { numRuns: 500 },
  );
});

it("hashes every column that stands for a field", () => {
  const names = chainedFields.map(({ name }) => name);
  expect(names).toEqual(Object.keys(event).toSorted());
  const before = canonicalRecord(event);
  for (const field of names) {
    const changed = {
      ...event,
      [field]:
        typeof event[field] === "number" || /Person|Number/.test(field)
          ? 8
          : field === "data"
            ? "{}"
            : "changed",
    };
    expect(canonicalRecord(changed)).not.toBe(before);
  }
});

it("links by SHA-256 over the previous hash and the text, as anybody can recompute", () => {
  const previous = "a".repeat(64);
  expect(linkHash(previous, "{}")).toBe(createHash("sha256").update(`${previous}{}`).digest("hex"));
});
