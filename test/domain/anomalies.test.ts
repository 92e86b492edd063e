import fc from "fast-check";
import {
  anomaliesOf,
  type AskedAccess,
  type OwnPast,
  type PastRequest,
  requestAnomalyKinds,
  requestFlag,
} from "../../src/domain/request/anomalies.ts";

const now = new Date("2026-03-03T03:12:00.000Z");
const dayMs = 86_400_000;
const minuteOf = (at: Date): number => at.getUTCHours() * 60 + at.getUTCMinutes();

const asked: AskedAccess = {
  at: now,
  minuteOfDay: minuteOf(now),
  resource: "orders-db",
  role: "write",
  durationSeconds: 3600,
};

/** A request some days before, at an hour that day. */
function earlier(days: number, time = "14:00", over: Partial<PastRequest> = {}): PastRequest {
  const at = new Date(`${new Date(now.getTime() - days * dayMs).toISOString().slice(0, 10)}T${time}:00.000Z`);
  return {
    at,
    minuteOfDay: minuteOf(at),
    resource: "orders-db",
    role: "write",
    durationSeconds: 3600,
    number: 1000 - days,
    outcome: "approved",
    closedAt: new Date(at.getTime() + 60_000),
    ...over,
  };
}

const many = (count: number, one: (day: number) => PastRequest): readonly PastRequest[] =>
  Array.from({ length: count }, (_, index) => one(index + 1));

function whys(requests: readonly PastRequest[], over: Partial<AskedAccess> = {}): readonly string[] {
  return anomaliesOf({ ...asked, ...over }, { requests, hasAskedBefore: false })
    .map(requestFlag)
    .map(({ kind, why }) => `${kind}: ${why}`);
}

const denied = { outcome: "denied", closedAt: new Date(now.getTime() - 12 * 60_000) } as const;
const refused = { outcome: "refused", closedAt: new Date(now.getTime() - dayMs) } as const;
const noon = { minuteOfDay: 12 * 60 } as const;

const table: readonly (readonly [string, readonly PastRequest[], Partial<AskedAccess>, readonly string[]])[] =
  [
    ["nobody who is new has habits", [], {}, []],
    [
      "three in the morning, for somebody who asks in the afternoon",
      many(41, (day) => earlier(day)),
      {},
      ["unusual_hour: asks at 03:12; of their last 41 requests none was between 00:00 and 06:00"],
    ],
    ["nineteen requests make no usual hour", many(19, (day) => earlier(day)), {}, []],
    [
      "one night in sixty is no habit",
      [...many(59, (day) => earlier(day)), earlier(60, "05:59")],
      {},
      ["unusual_hour: asks at 03:12; of their last 60 requests 1 was between 00:00 and 06:00"],
    ],
    ["one night in forty may be", [...many(39, (day) => earlier(day)), earlier(40, "00:00")], {}, []],
    [
      "one in the morning is not far from eleven at night",
      many(30, (day) => earlier(day, "23:00")),
      { minuteOfDay: 60 },
      [],
    ],
    [
      "eleven at night is far from four in the afternoon",
      many(30, (day) => earlier(day, "16:00")),
      { minuteOfDay: 23 * 60 },
      ["unusual_hour: asks at 23:00; of their last 30 requests none was between 20:00 and 02:00"],
    ],
    [
      "a resource they have never asked for",
      many(5, (day) => earlier(day, "12:00", { resource: "staging" })),
      noon,
      ["first_time: of their last 5 requests none was for orders-db"],
    ],
    [
      "whoever is new asks for everything the first time",
      many(4, (day) => earlier(day, "12:00", { resource: "staging" })),
      noon,
      [],
    ],
    [
      "three days, usually an hour",
      many(9, (day) => earlier(day)),
      { ...noon, durationSeconds: 3 * 86_400 },
      ["long_duration: asks for 3d, usually for 1h; of their last 9 requests none was for as long"],
    ],
    ["three hours is no other kind of work", many(9, (day) => earlier(day)), { durationSeconds: 10_800 }, []],
    [
      "long, as they ask now and then",
      [...many(18, (day) => earlier(day)), earlier(19, "14:00", { durationSeconds: 86_400 })],
      { durationSeconds: 86_400 },
      [],
    ],
    [
      "seven requests make no usual duration",
      many(7, (day) => earlier(day)),
      { durationSeconds: 864_000 },
      [],
    ],
    [
      "five within a day, usually one",
      [...many(6, (day) => earlier(day + 1)), ...many(4, () => earlier(0, "02:00"))],
      noon,
      [
        "many_requests: 5 requests within 24 hours, this one included; usually 1 on a day (6 other days with any)",
      ],
    ],
    [
      "five within a day, on the fifth day ever",
      [...many(4, (day) => earlier(day + 1)), ...many(4, () => earlier(0, "02:00"))],
      noon,
      [],
    ],
    [
      "asked again after somebody said no",
      [earlier(0, "02:00", { ...denied, number: 1041 })],
      {},
      ["after_denial: asks 12m after orders-db:write was denied (AR-1041)"],
    ],
    [
      "asked for something else after somebody said no",
      [earlier(0, "02:00", { ...denied, role: "read" })],
      {},
      [],
    ],
    ["asked for better after the policy said no", [earlier(0, "02:00", refused)], {}, []],
    [
      "denied more than a day before",
      [earlier(3, "02:00", { ...denied, closedAt: new Date(now.getTime() - dayMs - 1) })],
      {},
      [],
    ],
    [
      "denied and refused, more often than not",
      [
        earlier(2, "02:00", { ...denied, role: "read" }),
        earlier(2, "03:00", refused),
        earlier(3, "02:00", refused),
        earlier(4, "02:00"),
        earlier(5, "02:00", { outcome: "open" }),
        earlier(30, "02:00", { ...refused, closedAt: new Date(now.getTime() - 8 * dayMs) }),
      ],
      {},
      ["many_denials: of their 4 requests decided in the last 7 days 3 were denied or refused"],
    ],
    [
      "denied thrice among many",
      [...many(6, (day) => earlier(day, "02:00")), ...many(4, (day) => earlier(day, "03:00", refused))],
      {},
      [],
    ],
  ];

it.each(table)("%s", (_, past, over, expected) => {
  expect(whys(past, over)).toEqual(expected);
});

/** Pasts of people who keep to some hours, and of people who do not; some ask much, some were denied much. */
const anyPast: fc.Arbitrary<readonly PastRequest[]> = fc
  .record({
    dawn: fc.integer({ min: 0, max: 1439 }),
    hours: fc.integer({ min: 1, max: 24 }),
    days: fc.constantFrom(1, 10, 180),
    longest: fc.constantFrom(3600, 8 * 86_400),
    resources: fc.constantFrom(["staging"], ["staging", "orders-db"]),
  })
  .chain(({ dawn, hours, days, longest, resources }) =>
    fc.array(
      fc
        .record({
          minute: fc.integer({ min: 0, max: hours * 60 - 1 }),
          minutesAgo: fc.integer({ min: 1, max: days * 1440 }),
          resource: fc.constantFrom(...resources),
          role: fc.constantFrom("read", "write"),
          durationSeconds: fc.integer({ min: 60, max: longest }),
          outcome: fc.constantFrom("approved", "denied", "refused", "open"),
          number: fc.integer({ min: 1, max: 1_000_000 }),
        })
        .map(({ minute, minutesAgo, ...rest }): PastRequest => {
          const at = new Date(now.getTime() - minutesAgo * 60_000);
          const minuteOfDay = (dawn + minute) % 1440;
          return { ...rest, at, minuteOfDay, closedAt: new Date(at.getTime() + 30_000) };
        }),
      { maxLength: 60, size: "max" },
    ),
  );
const anyAsked = fc
  .record({
    minuteOfDay: fc.integer({ min: 0, max: 1439 }),
    durationSeconds: fc.integer({ min: 60, max: 30 * 86_400 }),
  })
  .map((over): AskedAccess => ({ ...asked, ...over }));

const kindsOf = (one: AskedAccess, past: OwnPast): readonly string[] =>
  anomaliesOf(one, past).map(({ kind }) => kind);

it("below the least of them, no past says anything of habits", () => {
  fc.assert(
    fc.property(anyAsked, anyPast, fc.boolean(), (one, requests, hasAskedBefore) => {
      const kinds = (count: number): readonly string[] =>
        kindsOf(one, { requests: requests.slice(0, count), hasAskedBefore });
      expect(kinds(19)).not.toContain("unusual_hour");
      expect(kinds(7)).not.toContain("long_duration");
      expect(kinds(4)).not.toContain("first_time");
      expect(kinds(4)).not.toContain("many_requests");
      expect(kinds(2)).not.toContain("many_denials");
      expect(kinds(0)).toEqual([]);
    }),
  );
});

it("the order of the past changes nothing", () => {
  const shuffled = anyPast.chain((past) =>
    fc.tuple(
      fc.constant(past),
      fc.shuffledSubarray([...past], { minLength: past.length, maxLength: past.length }),
    ),
  );
  fc.assert(
    fc.property(anyAsked, shuffled, (one, [past, other]) => {
      const found = (requests: readonly PastRequest[]): unknown =>
        anomaliesOf(one, { requests, hasAskedBefore: false });
      expect(found(other)).toEqual(found(past));
    }),
  );
});

it("a habit makes nothing more unusual: neither its hour, nor its length, nor its resource", () => {
  const habits = ["unusual_hour", "long_duration", "first_time"];
  fc.assert(
    fc.property(anyAsked, anyPast, fc.integer({ min: 1, max: 179 }), (one, requests, days) => {
      const past = { requests, hasAskedBefore: false };
      const again: PastRequest = {
        ...one,
        at: new Date(now.getTime() - days * dayMs),
        number: 7,
        outcome: "open",
      };
      const before = kindsOf(one, past);
      const after = kindsOf(one, { ...past, requests: [...requests, again] });
      expect(after.filter((kind) => habits.includes(kind) && !before.includes(kind))).toEqual([]);
    }),
  );
});

it("each is said in words with its figures, each kind at most once and the most telling first", () => {
  fc.assert(
    fc.property(anyAsked, anyPast, (one, requests) => {
      const found = anomaliesOf(one, { requests, hasAskedBefore: false });
      const kinds = found.map(({ kind }) => kind);
      expect(kinds).toEqual(requestAnomalyKinds.filter((kind) => kinds.includes(kind)));
      for (const anomaly of found) {
        const { why } = requestFlag(anomaly);
        const figures = Object.entries(anomaly).filter(([name]) => counted.has(name));
        expect(figures.filter(([, figure]) => !mentions(why, Number(figure)))).toEqual([]);
        expect(figures.length).toBeGreaterThan(0);
        expect(why).not.toMatch(/NaN|undefined|\n/);
        expect(why.length).toBeLessThan(300);
      }
    }),
  );
});

/** Figures that stand in the words as they are; times and durations are written as people write them. */
const counted = new Set(["requests", "within", "asLong", "usual", "days", "denials", "decided", "number"]);

function mentions(why: string, figure: number): boolean {
  return figure === 0 ? why.includes("none was") : new RegExp(`\\b${figure}\\b`).test(why);
}
