import * as fc from "fast-check";
import {
  compare,
  type Compared,
  type Drift,
  type Finding,
  findingOutcomes,
  type GrantInDrift,
  type Holding,
  mostRemovedAtOnce,
  unknownHandlings,
} from "../../src/domain/drift/drift.ts";
import { grantStatuses } from "../../src/domain/grant/grant.ts";
import { after, t0 } from "../support/build.ts";

const now = after(600);

function grant(subject: string, over: Partial<GrantInDrift> = {}): GrantInDrift {
  const status = over.status ?? "active";
  return {
    id: `grant of ${subject}`,
    requestId: `request of ${subject}`,
    subject,
    status,
    askedAt: t0,
    expiresAt: after(3600),
    ...(status === "revoked" && { revokedAt: after(60) }),
    ...over,
  };
}

function finding(subject: string, over: Partial<Finding> = {}): Finding {
  return { id: `finding of ${subject}`, subject, kind: "unknown", outcome: "reported", ...over };
}

/** What there is to do, in short. */
function done(
  over: Omit<Partial<Compared>, "holders"> & { readonly holders?: readonly string[] },
): readonly string[] {
  const { holders = [], ...rest } = over;
  return compare({
    grants: [],
    elsewhere: new Set(),
    remembered: [],
    handling: "report",
    now,
    ...rest,
    holders: holders.map(holding),
  }).map(wordDrift);
}

function holding(subject: string): Holding {
  return { subject, subjectId: `id of ${subject}`, targetId: "the target" };
}

function wordDrift(drift: Drift): string {
  const how =
    drift.kind === "unknown" ? ` ${drift.handling}` : drift.kind === "spared" ? `: ${drift.why}` : "";
  return `${drift.kind} ${drift.subject}${how}`;
}

const standing = { isStanding: true } as const;

describe("one person", () => {
  it.each<readonly [string, Parameters<typeof done>[0], readonly string[]]>([
    ["has what a live grant gives", { holders: ["a"], grants: [grant("a")] }, []],
    ["has nothing, and should not", { grants: [grant("a", { status: "revoked" })] }, []],
    [
      "waits for a grant that is being made",
      { holders: ["a"], grants: [grant("a", { status: "granting" })] },
      [],
    ],
    ["does not have yet what is being granted", { grants: [grant("a", { status: "granting" })] }, []],
    [
      "still has what is being taken away",
      { holders: ["a"], grants: [grant("a", { status: "revoking" })] },
      [],
    ],
    ["has lost what is about to end", { grants: [grant("a", { expiresAt: now })] }, []],
    [
      "has again what had ended",
      { holders: ["a"], grants: [grant("a", { status: "revoked" })] },
      ["reappeared a"],
    ],
    [
      "has again what had ended, while another grant of theirs is being made",
      {
        holders: ["a"],
        grants: [grant("a", { status: "revoked" }), grant("a", { status: "granting", id: "2" })],
      },
      [],
    ],
    ["has lost what a live grant gives", { grants: [grant("a")] }, ["vanished a"]],
    ["has lost it, and was told", { grants: [grant("a", { vanishedAt: t0 })] }, []],
    [
      "has it back before the end",
      { holders: ["a"], grants: [grant("a", { vanishedAt: t0 })] },
      ["came_back a"],
    ],
    [
      "has lost what two grants give",
      { grants: [grant("a"), grant("a", { id: "2", vanishedAt: t0 })] },
      ["vanished a"],
    ],
    ["has what nobody gave", { holders: ["a"] }, ["unknown a report"]],
    ["has what nobody gave, and it was said", { holders: ["a"], remembered: [finding("a")] }, []],
    [
      "has it again after it was gone",
      { holders: ["a"], remembered: [finding("a", { goneAt: t0 })] },
      ["unknown a report"],
    ],
    ["does not have it any more", { remembered: [finding("a")] }, ["gone a"]],
    [
      "does not have it any more, nor what a live grant gives",
      { grants: [grant("a")], remembered: [finding("a")] },
      ["gone a", "vanished a"],
    ],
    [
      "keeps what they held before a grant",
      { holders: ["a"], grants: [grant("a", { status: "revoked", ...standing })] },
      ["standing a"],
    ],
    [
      "keeps what is known to be theirs",
      {
        holders: ["a"],
        handling: "remove",
        remembered: [finding("a", { kind: "standing", outcome: "adopted" })],
      },
      [],
    ],
    [
      "has again what was theirs before a grant, and was gone since",
      {
        holders: ["a"],
        grants: [grant("a", { status: "revoked", ...standing })],
        remembered: [finding("a", { kind: "standing", outcome: "adopted", goneAt: after(120) })],
      },
      ["unknown a report"],
    ],
    [
      "held it before the first grant, and not before the last",
      {
        holders: ["a"],
        grants: [
          grant("a", { status: "revoked", ...standing }),
          grant("a", { id: "2", status: "revoked", revokedAt: after(300) }),
        ],
      },
      ["reappeared a"],
    ],
    [
      "has unknown access beneath a live grant",
      { holders: ["a"], handling: "remove", grants: [grant("a", standing)], remembered: [finding("a")] },
      [],
    ],
  ])("%s", (_, given, expected) => {
    expect(done(given)).toEqual(expected);
  });
});

describe("what is done about access that nobody gave", () => {
  it.each(unknownHandlings)("%s, and nothing more once it is done", (handling) => {
    expect(done({ holders: ["a"], handling })).toEqual([`unknown a ${handling}`]);
    const outcome = { report: "reported", ignore: "ignored", adopt: "adopted", remove: "removing" } as const;
    const kind = handling === "adopt" ? "standing" : "unknown";
    const left = done({
      holders: ["a"],
      handling,
      remembered: [finding("a", { kind, outcome: outcome[handling] })],
    });
    // What is to be removed is tried again until it is gone.
    expect(left).toEqual(handling === "remove" ? ["unknown a remove"] : []);
  });

  it("follows the policy when that changes", () => {
    const ignored = [finding("a", { outcome: "ignored" })];
    expect(done({ holders: ["a"], remembered: ignored })).toEqual(["unknown a report"]);
    expect(done({ holders: ["a"], remembered: [finding("a")], handling: "remove" })).toEqual([
      "unknown a remove",
    ]);
    expect(done({ holders: ["a"], remembered: [finding("a")], handling: "adopt" })).toEqual([
      "unknown a adopt",
    ]);
  });

  it("takes nothing away where it may be somebody's approved access", () => {
    const handling = "remove";
    expect(done({ holders: ["a"], handling, elsewhere: new Set(["a"]) })).toEqual([
      "spared a: a grant in another provider gives the same, and both may be one system",
    ]);
    expect(done({ holders: ["Alice", "alice"], handling, grants: [grant("alice")] })).toEqual([
      "spared Alice: a live grant is for a name that differs only in upper and lower case",
    ]);
  });

  it("takes nothing away where it would be from many at once, and says so once", () => {
    const holders = Array.from({ length: mostRemovedAtOnce }, (_, index) => `p${index}`);
    expect(done({ holders, handling: "remove" }).filter((word) => word.endsWith("remove"))).toHaveLength(
      mostRemovedAtOnce,
    );
    const more = compare({
      holders: [...holders, "one more"].map(holding),
      grants: [],
      elsewhere: new Set(),
      remembered: [],
      handling: "remove",
      now,
    });
    expect(new Set(more.map(({ kind }) => kind))).toEqual(new Set(["spared"]));
    const why = more[0]?.kind === "spared" ? more[0].why : "";
    const remembered = [...holders, "one more"].map((name) =>
      finding(name, { outcome: "spared", detail: why }),
    );
    expect(done({ holders: [...holders, "one more"], handling: "remove", remembered })).toEqual([]);
  });
});

// Names that meet, in every mixture of grants, findings and holders.
const names = ["a", "A", "b", "c"];
const name = fc.constantFrom(...names);
const moment = fc.integer({ min: 0, max: 1200 }).map(after);
const anyGrant = fc
  .record({
    subject: name,
    status: fc.constantFrom(...grantStatuses),
    expiresAt: moment,
    isStanding: fc.boolean(),
    vanishedAt: fc.option(moment, { nil: undefined }),
    revokedAt: moment,
    id: fc.uuid(),
  })
  .map(({ vanishedAt, ...rest }) => grant(rest.subject, { ...rest, ...(vanishedAt && { vanishedAt }) }));
const anyFinding = fc
  .record({
    subject: name,
    kind: fc.constantFrom("unknown" as const, "standing" as const),
    outcome: fc.constantFrom(...findingOutcomes),
    goneAt: fc.option(moment, { nil: undefined }),
  })
  .map(({ goneAt, ...rest }) => finding(rest.subject, { ...rest, ...(goneAt && { goneAt }) }));
const anything = fc.record({
  holders: fc.uniqueArray(name).map((held) => held.map(holding)),
  grants: fc.array(anyGrant, { maxLength: 6 }),
  elsewhere: fc.uniqueArray(name).map((held) => new Set(held)),
  remembered: fc.uniqueArray(anyFinding, {
    selector: ({ subject, goneAt }) => `${subject} ${goneAt ? "" : "open"}`,
  }),
  handling: fc.constantFrom(...unknownHandlings),
  now: moment,
});

const takesAway = (drift: Drift): boolean =>
  drift.kind === "reappeared" || (drift.kind === "unknown" && drift.handling === "remove");

describe("whatever the mixture", () => {
  it("nothing is taken from whom a grant gives it or may be giving it", () => {
    fc.assert(
      fc.property(anything, (compared) => {
        for (const { subject } of compare(compared).filter(takesAway))
          expect(
            compared.grants.filter((own) => own.subject === subject && own.status !== "revoked"),
          ).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  it("nothing that is known as standing is taken away or told", () => {
    fc.assert(
      fc.property(anything, (compared) => {
        const known = new Set(
          compared.remembered
            .filter(({ kind, goneAt }) => kind === "standing" && !goneAt)
            .map(({ subject }) => subject),
        );
        const told = compare(compared).filter(({ kind }) => ["unknown", "spared", "standing"].includes(kind));
        expect(told.filter(({ subject }) => known.has(subject))).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  it("what is done is about who has it, or who lacks it, and each grant and finding once", () => {
    fc.assert(
      fc.property(anything, (compared) => {
        const drifts = compare(compared);
        for (const { kind, subject } of drifts)
          expect(compared.holders.some((held) => held.subject === subject)).toBe(
            kind !== "vanished" && kind !== "gone",
          );
        const about = drifts.map((drift) =>
          "grant" in drift ? drift.grant.id : `${drift.kind} ${drift.subject}`,
        );
        expect(new Set(about).size).toBe(about.length);
      }),
      { numRuns: 400 },
    );
  });

  it("whoever has it unapproved is not passed over", () => {
    fc.assert(
      fc.property(anything, (compared) => {
        const drifts = compare(compared);
        const known = [
          ...compared.grants.filter(({ status }) => status !== "revoked"),
          ...compared.remembered.filter(({ goneAt }) => !goneAt),
        ].map(({ subject }) => subject);
        const unapproved = compared.holders
          .map(({ subject }) => subject)
          .filter((subject) => !known.includes(subject));
        expect(drifts.map(({ subject }) => subject)).toEqual(expect.arrayContaining(unapproved));
      }),
      { numRuns: 400 },
    );
  });
});
