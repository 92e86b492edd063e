import fc from "fast-check";
import { heldIn, holdingsOf } from "../../src/audit/questions/holdings.ts";
import type { AuditEvent } from "../../src/domain/audit-event.ts";
import type { Command } from "../../src/domain/command.ts";
import { decide } from "../../src/domain/decide.ts";
import type { State } from "../../src/domain/state.ts";
import { bob, buildGrant, buildRequest, grantId, t0 } from "../support/build.ts";

/** What may happen to a grant and to the access itself, and how many milliseconds pass before each part of it. */
const deeds = [
  "confirm",
  "fail",
  "fail halfway",
  "extend",
  "end early",
  "prove gone",
  "keep",
  "land late",
  "take away outside",
  "give back outside",
] as const;
const Step = fc.tuple(fc.constantFrom(...deeds), fc.nat(3), fc.nat(3), fc.nat(3));
type Step = typeof Step extends fc.Arbitrary<infer T> ? T : never;

type Lived = {
  readonly events: readonly AuditEvent[];
  /** Whether the person really had the access, by millisecond. */
  readonly truth: readonly boolean[];
};

const moment = (ms: number): Date => new Date(t0.getTime() + ms);

/** Lives a grant: the domain decides what is recorded, and beside it stands what was really there. */
function live(steps: readonly Step[]): Lived {
  let state: State = {
    request: buildRequest({ status: "approved" }),
    grants: [buildGrant("granting", { askedAt: t0 })],
  };
  const subject = { provider: "orders-postgres", subject: "alice" };
  const started: AuditEvent = {
    type: "grant.started",
    at: t0,
    actor: { kind: "hallpass" },
    grantId,
    data: { ...subject, target: {} },
  };
  const events: AuditEvent[] = [started];
  const truth: boolean[] = [];
  let isThere = false;
  let now = 0;

  const pass = (ms: number): void => {
    for (let each = 0; each < ms; each += 1) truth[now + each] = isThere;
    now += ms;
  };
  const command = (given: Command): void => {
    const decision = decide(state, given, moment(now));
    if (!decision.accepted) throw new Error(`${given.type}: ${decision.refusal}`);
    state = decision.next;
    events.push(...decision.events);
  };

  for (const [deed, first, second, third] of steps) {
    const [grant] = state.grants;
    if (!grant) throw new Error("no grant");
    const { status, vanishedAt } = grant;
    pass(first);
    const begun = moment(now);
    /** The access changes some time before anybody records it. */
    const becomes = (isItThere: boolean): void => {
      pass(second);
      isThere = isItThere;
      pass(third);
    };
    const confirmed = { type: "grant_succeeded", grantId, state: {}, startedAt: begun } as const;
    switch (deed) {
      case "confirm":
        if (status !== "granting") break;
        becomes(true);
        command(confirmed);
        break;
      case "fail":
      case "fail halfway":
        if (status !== "granting") break;
        becomes(deed === "fail halfway");
        command({ type: "grant_failed", grantId, error: "no" });
        break;
      case "extend":
        if (status !== "active") break;
        command({ type: "extend", seconds: 600, by: "AR-2", states: { [grantId]: {} } });
        break;
      case "end early":
        if (status === "granting" || status === "active")
          command({ type: "revoke", grantId, reason: "withdrawn", by: bob });
        break;
      case "prove gone":
      case "keep":
        if (status !== "revoking") break;
        becomes(false);
        command({
          type: "revoke_succeeded",
          grantId,
          ...(deed === "keep" ? { keptBy: "AR-3" } : {}),
        });
        break;
      case "land late":
        if (status !== "revoking" && status !== "revoked") break;
        becomes(true);
        command(confirmed);
        break;
      case "take away outside":
        if (status !== "active" || vanishedAt) break;
        becomes(false);
        command({ type: "vanish", grantId });
        break;
      case "give back outside":
        if (!(status === "active" && vanishedAt) && status !== "revoked") break;
        becomes(true);
        command({ type: status === "active" ? "come_back" : "take_back", grantId });
        break;
    }
  }
  pass(3);
  return { events, truth };
}

const appears = new Set(["grant.active", "grant.came_back", "grant.reappeared", "grant.landed_late"]);
const disappears = new Set(["grant.vanished", "grant.revoked"]);

/** The same question answered from the whole log for one moment only, without stretches of time. */
function replayed(events: readonly AuditEvent[], at: Date): "held" | "perhaps" | undefined {
  const when = (event: AuditEvent): Date =>
    event.type === "grant.active" ? new Date(event.data.activeAt) : event.at;
  const until = events.filter((event) => when(event) <= at);
  const last = until.findLast(({ type }) => appears.has(type) || disappears.has(type));
  if (last && appears.has(last.type)) return "held";
  const next = events
    .slice(last ? events.indexOf(last) + 1 : 0)
    .find(({ type }) => appears.has(type) || disappears.has(type));
  if (last) return next && appears.has(next.type) ? "perhaps" : undefined;
  return next?.type === "grant.active" ? undefined : "perhaps";
}

const at = (ms: number): { readonly from: Date; readonly until: Date } => ({
  from: moment(ms),
  until: moment(ms + 1),
});

const answered = (lived: Lived, ms: number): "held" | "perhaps" | undefined => {
  const found = holdingsOf(lived.events).map((holding) => heldIn(holding, at(ms)));
  return found.find((each) => each === "held") ?? found.find((each) => each === "perhaps");
};

const Life = fc.array(Step, { maxLength: 12 }).map(live);
const runs = { numRuns: 500 };

test("whoever really had access at a moment is never left out", () => {
  fc.assert(
    fc.property(Life, (lived) => {
      const missing = [...lived.truth.keys()].filter(
        (ms) => lived.truth[ms] === true && answered(lived, ms) === undefined,
      );
      expect(missing).toEqual([]);
    }),
    runs,
  );
});

test("at a moment it says what replaying the log for that moment says", () => {
  fc.assert(
    fc.property(Life, (lived) => {
      const asked = [...lived.truth.keys()];
      expect(asked.map((ms) => answered(lived, ms))).toEqual(
        asked.map((ms) => replayed(lived.events, moment(ms))),
      );
    }),
    runs,
  );
});

test("in a span it says what its moments say", () => {
  fc.assert(
    fc.property(Life, fc.nat(40), fc.integer({ min: 1, max: 40 }), (lived, start, length) => {
      const span = { from: moment(start), until: moment(start + length) };
      const holdings = holdingsOf(lived.events);
      expect(holdings.map((holding) => heldIn(holding, span))).toEqual(
        holdings.map((holding) => {
          const moments = Array.from({ length }, (_, index) => heldIn(holding, at(start + index)));
          return moments.find((each) => each === "held") ?? moments.find(Boolean);
        }),
      );
    }),
    runs,
  );
});

test("stretches follow one another, and only the last may last still", () => {
  fc.assert(
    fc.property(Life, ({ events }) => {
      const holdings = holdingsOf(events);
      const ever = moment(1e6);
      const turns = holdings.flatMap(({ mayFrom, from = mayFrom, to = ever }) => [mayFrom, from, to]);
      expect(turns).toEqual(turns.toSorted((one, other) => one.getTime() - other.getTime()));
      expect(holdings.slice(0, -1).filter(({ to }) => !to)).toEqual([]);
    }),
    runs,
  );
});

test("how it ended is told: by whom, why, and whether it is proven gone", () => {
  const { events } = live([
    ["confirm", 0, 0, 0],
    ["extend", 1, 0, 0],
    ["end early", 5, 0, 0],
    ["prove gone", 1, 0, 1],
    ["give back outside", 4, 0, 2],
    ["keep", 1, 0, 0],
  ]);
  const by = { kind: "person", id: bob.id, email: bob.email, account: bob.account };
  expect(holdingsOf(events)).toEqual([
    {
      mayFrom: moment(0),
      from: moment(0),
      to: moment(8),
      expiresAt: new Date(t0.getTime() + (3600 + 600) * 1_000),
      extendedBy: ["AR-2"],
      end: { how: "revoked", reason: "withdrawn", verified: true, by },
    },
    {
      mayFrom: moment(8),
      from: moment(14),
      to: moment(15),
      expiresAt: new Date(t0.getTime() + (3600 + 600) * 1_000),
      extendedBy: ["AR-2"],
      end: { how: "revoked", reason: "drift", verified: false, keptBy: "AR-3" },
    },
  ]);
});
