import fc from "fast-check";
import { canonicalize } from "json-canonicalize";
import { linkHashOf, placesIn, recordOf, wordSealed } from "../../src/audit/chain/chain-line.ts";
import {
  beginning,
  canonicalRecord,
  type ChainedEvent,
  chainedFields,
  linkHash,
} from "../../src/audit/chain/chain.ts";

/** As COPY writes text (https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS). */
function copied(value: string | number | null): string {
  if (value === null) return String.raw`\N`;
  // oxlint-disable-next-line eslint/no-control-regex
  return String(value).replaceAll(/[\b\f\n\r\t\v\\]/g, (character) => `\\${escapes[character]}`);
}

const escapes: Readonly<Record<string, string>> = {
  "\b": "b",
  "\f": "f",
  "\n": "n",
  "\r": "r",
  "\t": "t",
  "\v": "v",
  "\\": "\\",
};

/** `2026-03-03T10:00:00.120Z` as PostgreSQL writes it in UTC. */
function copiedTime(at: string): string {
  return `${at.replace("T", " ").replace(/\.?0*Z$/, "")}+00`;
}

/** As `jsonb` is written: keys in the order of their lengths, then of their bytes. */
function jsonb(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonb).join(", ")}]`;
  if (typeof value === "number") return written.get(value) ?? JSON.stringify(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.entries(value)
    .map(([name, member]) => ({ key: Buffer.from(name), json: `${JSON.stringify(name)}: ${jsonb(member)}` }))
    .toSorted(({ key: one }, { key: other }) => one.length - other.length || Buffer.compare(one, other));
  return `{${members.map((member) => member.json).join(", ")}}`;
}

/** Numbers as `jsonb` keeps them: with all digits that were written, and in no other form. */
const written = new Map(
  ["1.50", "-0.10", "0.0000001", `1${"0".repeat(21)}`, "123456789012345678"].map((digits) => [
    Number(digits),
    digits,
  ]),
);

function lineOf(place: number, event: ChainedEvent | undefined): string {
  const columns = chainedFields.map(({ name }) =>
    !event ? copied(null) : name === "at" ? copiedTime(event.at) : copied(event[name]),
  );
  return `${[place, beginning, ...columns].join("\t")}\n`;
}

const piece = fc.constantFrom(
  ...'\t \n \r \b \f \v \0 \u0001 \u007F " \\ / é € a ! # ~ N 0'.split(" "),
  " ",
  String.raw`\N`,
  String.raw`\u0001`,
  '\\"',
  "\u{1f600}",
  "\uFDD0i1\uFDD1",
  "\u2028",
);
const odd = fc.oneof(
  fc.string(),
  fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join("")),
  fc.constantFrom("", String.raw`\N`, "\\", "\n"),
);
const plain = fc.string({
  unit: fc.constantFrom(..."a B ~ # { } [ ] , : é € \u{1f600} \u007F".split(" "), " "),
  maxLength: 8,
});
/** Mostly nothing odd: where anything of an event is, all of it is read another way. */
const text = fc.oneof({ weight: 30, arbitrary: plain }, { weight: 1, arbitrary: odd });
const key = fc.oneof(
  { weight: 10, arbitrary: fc.string({ unit: fc.constantFrom("a", "b", "B", "~", "#"), maxLength: 3 }) },
  { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom("a", " ", "!", "#", '"'), maxLength: 3 }) },
  // Their order in bytes is not that in UTF-16.
  { weight: 2, arbitrary: fc.constantFrom("\u{1f600}", "\uFFFD", "\uFDD0i1\uFDD1", "\u007F") },
  { weight: 1, arbitrary: odd },
);
const number = fc.oneof(fc.integer(), fc.constantFrom(0, -123_456_789_012_345, ...written.keys()));
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    text,
    number,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("json"), { maxLength: 4 }),
    fc.dictionary(
      key.filter((name) => name !== "toJSON"),
      tie("json"),
      { maxKeys: 6 },
    ),
  ),
}));
const id = fc.uuid();
const person = fc.option(fc.integer({ min: 1, max: 2 ** 31 - 1 }));
const event = fc.record({
  id,
  seq: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.maxSafeNat()),
  at: fc
    .date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
    .map((date) => date.toISOString()),
  type: text,
  requestId: fc.option(id),
  requestNumber: person,
  grantId: fc.option(id),
  actorKind: text,
  actorEmail: fc.option(text),
  actorPerson: person,
  actorSlackId: fc.option(text),
  requesterEmail: fc.option(text),
  requesterPerson: person,
  resource: fc.option(text),
  role: fc.option(text),
  rule: fc.option(text),
  policyVersion: fc.option(text),
  dedupeKey: fc.option(text),
  data: fc.oneof(json, fc.constant({})),
});

it("reads whatever stands in events as it is sealed, and as an independent implementation writes it", () => {
  const drawnPlaces = fc.array(fc.option(event, { nil: undefined }), { minLength: 1, maxLength: 4 });
  const drawnHash = fc.constantFrom("a".repeat(64), "", "b".repeat(99));
  fc.assert(
    fc.property(drawnPlaces, drawnHash, (drawn, previous) => {
      const events = drawn.map((one) => one && { ...one, data: jsonb(one.data) });
      const lines = events.map((one, at) => lineOf(at + 7, one)).join("");
      const read = Array.from(placesIn(Buffer.from(lines)), ({ place, hash, event: one }) => ({
        place,
        hash,
        event: one && {
          at: one.at,
          record: recordOf(one).toString(),
          link: linkHashOf(previous, one),
          words: wordSealed(one),
        },
      }));
      expect(read.map(({ event: one }) => one?.record)).toEqual(
        drawn.map((one) => one && independently(one)),
      );
      expect(read).toEqual(
        events.map((one, at) => ({
          place: at + 7,
          hash: beginning,
          event: one && {
            at: one.at,
            record: canonicalRecord(one),
            link: linkHash(previous, canonicalRecord(one)),
            words: `${one.type} of ${one.at} (event ${one.id})`,
          },
        })),
      );
    }),
    { numRuns: 1_000 },
  );
});

function independently(drawn: object): string {
  const members = Object.entries(drawn).filter(([name, value]) => name === "data" || value !== null);
  return canonicalize(Object.fromEntries(members));
}

const sample: ChainedEvent = {
  id: "0195d0a0-0000-7000-8000-000000000001",
  seq: 7,
  at: "2026-03-03T10:00:00.120Z",
  type: "request.denied",
  requestId: null,
  requestNumber: null,
  grantId: null,
  actorKind: "person",
  actorEmail: "bob@example.com",
  actorPerson: 1,
  actorSlackId: null,
  requesterEmail: null,
  requesterPerson: 0,
  resource: "é",
  role: null,
  rule: null,
  policyVersion: null,
  dedupeKey: null,
  data: "{}",
};

it("reads an event that is larger than all before", () => {
  const long = { ...sample, rule: "x".repeat(70_000), data: jsonb({ z: 1, a: "é".repeat(100_000) }) };
  const escaped = { ...long, rule: '"'.repeat(70_000) };
  const lines = Buffer.from([long, escaped, long].map((one, at) => lineOf(at + 1, one)).join(""));
  const read = Array.from(placesIn(lines), (place) => recordOf(place.event!).toString());
  expect(read).toEqual([long, escaped, long].map(canonicalRecord));
});

it("hands places over in order, in whatever order they come", () => {
  const lines = Buffer.from([9, 10, 8, 11].map((place) => lineOf(place, undefined)).join(""));
  expect(Array.from(placesIn(lines), ({ place }) => place)).toEqual([8, 9, 10, 11]);
});

it.each([
  ["infinity", "infinity.000Z"],
  ["2026-03-03 10:00:00.123456+00", "2026-03-03T10:00:00.123456Z"],
  ["12026-03-03 10:00:00.5+00", "12026-03-03T10:00:00.500Z"],
  ["0044-03-15 10:00:00+00 BC", "0044-03-15T10:00:00 BC.000Z"],
])("reads a time of an unusual form as it stands: %s", (copiedAt, at) => {
  const line = lineOf(1, sample).replace(copiedTime(sample.at), copiedAt);
  const [place] = placesIn(Buffer.from(line));
  expect(place?.event?.at).toBe(at);
  expect(recordOf(place!.event!).toString()).toContain(`"at":"${at}"`);
});
