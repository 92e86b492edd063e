import { setTimeout as sleep } from "node:timers/promises";
import { createAccessHandlers } from "../../src/access/carry-out/handlers.ts";
import { pino } from "pino";
import type { CarryOutDeps } from "../../src/access/carry-out/carry-out.ts";
import { decideRequest } from "../../src/access/requests/decide-request.ts";
import type { PolicyDeps } from "../../src/access/deps.ts";
import { createLockdownReader } from "../../src/access/lockdown/lockdown-reader.ts";
import { createStateCache } from "../../src/access/requests/state-cache.ts";
import { createSecretBox } from "../../src/access/secret-box.ts";
import { requestAccess } from "../../src/access/requests/request-access.ts";
import type { LookUp, AccountStatus } from "../../src/identity/account-status.ts";
import { createPeople, type PersonChanged } from "../../src/persistence/people/identities.ts";
import { createGroupReader } from "../../src/groups/group-reader.ts";
import type { State } from "../../src/domain/state.ts";
import { type RunnerDeps, runClaimed, runEffect } from "../../src/jobs/run-effect.ts";
import { createMovableClock } from "../../src/persistence/database/clock.ts";
import { openDatabase } from "../../src/persistence/database/database.ts";
import { queueNames } from "../../src/domain/effect.ts";
import { claimRevocations } from "../../src/persistence/requests/due-revocations.ts";
import { claimEffect, dueEffects } from "../../src/persistence/effects/effects.ts";
import { storePolicy } from "../../src/persistence/policies.ts";
import { readNow, readState } from "../../src/persistence/requests/requests.ts";
import type { LiveProvider } from "../../src/providers/open.ts";
import type { Holder } from "../../src/providers/provider.ts";
import { alice, bob } from "./build.ts";
import { createDatabase } from "./database.ts";
import type { Names } from "../guarded/postgres.ts";
import { ordinaryPolicy, policyFrom } from "./hallpass.ts";

/** A provider whose every answer a test decides; what people hold in it is plain to see. */
export type TestProvider = LiveProvider & {
  readonly held: Set<string>;
  /** What others gave besides, in words, by whom: it stays when ours goes. */
  readonly others: Map<string, string>;
  readonly calls: string[];
  /** Until when somebody has it, as it was told last. */
  readonly ends: Map<string, Date>;
  /** Replaced by tests to fail, to hang, or to lie. */
  behave: {
    grant: (subject: string) => Promise<void>;
    revoke: (subject: string) => Promise<void>;
    holds: (subject: string) => Promise<boolean>;
    lastUsed: (subject: string) => Promise<Date | undefined>;
    holders: (target: unknown) => Promise<readonly string[]>;
    identity: () => Promise<string>;
    /** The id of who has a name now. */
    idOf: (subject: string) => string;
    /** The id of what a target is called now. */
    targetIdOf: (target: unknown) => string;
    prepare: (subject: string) => Promise<void>;
    mustKeep: (subject: string) => Promise<string | undefined>;
  };
};

export type Office = Awaited<ReturnType<typeof openOffice>>;

const ahead = { limit: 100, aheadMs: 150, busy: [] };
const otherQueues = queueNames.filter((name) => name !== "revocations");

type OfficeOptions = { readonly policy?: (names: Names) => string };

/** Use cases and effects on a real database with a clock to move, without Slack and without queues. */
export async function openOffice({ policy: policyText = ordinaryPolicy }: OfficeOptions = {}) {
  const own = await createDatabase();
  const database = openDatabase(own.workUrl);
  const db = database.prisma;
  const clock = createMovableClock();
  const policy = policyFrom(policyText({ read: "r", write: "w", subject: (name) => name }));
  await storePolicy(db, policy, {
    type: "policy.loaded",
    at: new Date(),
    actor: { kind: "hallpass" },
    data: { hash: policy.hash, via: "start" },
  });
  const provider = createTestProvider();
  const faults: unknown[] = [];
  const accounts = createAccounts();
  const people = createPeople({
    db,
    clock,
    lookUp: accounts.lookUp,
    onChange: (event) => void accounts.changes.push(event),
  });
  const deps = {
    people,
    lookUp: accounts.lookUp,
    db,
    clock,
    policy: () => policy,
    wake: () => undefined,
    groups: createGroupReader({ slack: undefined, pagerDuty: undefined, opsgenie: undefined }),
    lockdowns: createLockdownReader(db),
    recent: createStateCache(),
    providers: new Map<string, LiveProvider>([["orders-postgres", provider]]),
    secretBox: createSecretBox("a test's"),
    report: (error: unknown) => void faults.push(error),
  } satisfies PolicyDeps & CarryOutDeps;
  const said: string[] = [];
  const say = (effect: { kind: string }): Promise<{ outcome: "done" }> => {
    said.push(effect.kind);
    return Promise.resolve({ outcome: "done" });
  };
  const runner: RunnerDeps = {
    ...deps,
    log: pino({ level: "silent" }),
    handlers: {
      ...createAccessHandlers(deps),
      remind_expiry: say,
      post_request: say,
      update_request: say,
      tell_thread: say,
      tell_requester: say,
      tell_alerts: say,
    },
  };
  const untilDue = async (ending: readonly { readonly dueAt: Date }[]): Promise<void> => {
    const last = Math.max(0, ...ending.map(({ dueAt }) => dueAt.getTime()));
    const left = last - (await readNow(db, clock)).getTime();
    if (ending.length > 0 && left > 0) clock.advance(left);
  };
  const state = async (requestId: string): Promise<State> => {
    const read = await readState(db, clock, requestId);
    if (!read) throw new Error("no such request");
    return read.state;
  };
  return {
    ...deps,
    accounts,
    provider,
    faults,
    said,
    runner,
    state,
    /** As a superuser, to look and to tamper. */
    url: own.url,
    ownerUrl: own.ownerUrl,
    workUrl: own.workUrl,
    /** Runs all that is due, and what that makes due, until nothing is. */
    async drain(): Promise<void> {
      for (;;) {
        // As in life: access that is to end is claimed together, and ahead of its time.
        const ending = await claimRevocations(db, clock, ahead);
        const due = await dueEffects(db, clock, 100, otherQueues);
        if (ending.length === 0 && due.length === 0) return;
        await untilDue(ending);
        await Promise.all([
          ...ending.map(({ effect }) => runClaimed(runner, effect)),
          ...due.map(({ id }) => runEffect(runner, id)),
        ]);
      }
    },
    /** Claims the end of a request's access a moment before its time, as in life, and carries it out at its time. */
    async endsAhead(requestId: string): Promise<void> {
      const { expiresAt } = (await state(requestId)).grants[0] ?? {};
      if (!expiresAt) throw new Error("it has no end");
      clock.advance(expiresAt.getTime() - 100 - (await readNow(db, clock)).getTime());
      const ending = await claimRevocations(db, clock, ahead);
      if (ending.length === 0) throw new Error("nothing was claimed ahead of its time");
      await untilDue(ending);
      await Promise.all(ending.map(({ effect }) => runClaimed(runner, effect)));
    },
    /** Resolves once so many wait in the database for what another holds. */
    async untilWaiting(count: number): Promise<void> {
      const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      while ((await db.$queryRawUnsafe<object[]>(waiting)).length < count) await sleep(10);
    },
    /** A worker claims an effect, and dies. */
    async claim(id: string): Promise<void> {
      if (!(await claimEffect(db, clock, id))) throw new Error("it could not be claimed");
      await db.effect.updateMany({ where: { id }, data: { lockedUntil: new Date(0) } });
    },
    /** Alice asks for an hour and Bob approves; nothing is carried out yet. */
    async approved(durationSeconds = 3600): Promise<State> {
      const filed = await requestAccess(deps, {
        requester: alice,
        resource: "orders-db",
        role: "read",
        durationSeconds,
        reason: "because",
        source: "slack",
      });
      if (filed.outcome !== "filed") throw new Error(JSON.stringify(filed));
      const { id } = filed.request;
      await decideRequest(deps, { requestId: id, by: bob, verdict: { type: "approve" }, key: `click ${id}` });
      return state(id);
    },
    async effects(
      kind: string,
    ): Promise<readonly { id: string; attempts: number; lastError: string | null }[]> {
      return db.effect.findMany({ where: { kind }, orderBy: { seq: "asc" } });
    },
    async events(): Promise<readonly string[]> {
      const rows = await db.auditEvent.findMany({ orderBy: { seq: "asc" }, select: { type: true } });
      return rows.map(({ type }) => type);
    },
    async close(): Promise<void> {
      await database.close();
      await own.close();
    },
  };
}

/** How accounts stand, as a test says; of `UALICE` nothing is known but that Alice is there. */
function createAccounts(): {
  readonly set: (account: string, standing: AccountStatus) => void;
  readonly lookUp: LookUp;
  readonly changes: PersonChanged[];
} {
  const standings = new Map<string, AccountStatus>();
  return {
    set: (account, standing) => void standings.set(account, standing),
    lookUp: (account) => {
      const name = account.slice(1).replace(/\d+$/, "").toLowerCase();
      const caller = { email: `${name}@example.com`, name, account };
      return Promise.resolve(standings.get(account) ?? { is: "here", caller });
    },
    changes: [],
  };
}

export function createTestProvider(): TestProvider {
  const held = new Set<string>();
  const calls: string[] = [];
  const ends = new Map<string, Date>();
  const others = new Map<string, string>();
  const { idOf, targetIdOf } = {
    idOf: (subject: string) => `id of ${subject}`,
    targetIdOf: (target: unknown) => JSON.stringify(target),
  };
  const provider: TestProvider = {
    type: "test",
    settlesSeconds: 15,
    others,
    held,
    calls,
    ends,
    behave: {
      grant: (subject) => Promise.resolve(void held.add(subject)),
      revoke: (subject) => Promise.resolve(void held.delete(subject)),
      holds: (subject) => Promise.resolve(held.has(subject)),
      lastUsed: () => Promise.resolve(undefined),
      holders: () => Promise.resolve([...held]),
      mustKeep: () => Promise.resolve(undefined),
      identity: () => Promise.resolve("the test's own"),
      idOf,
      targetIdOf,
      prepare: () => Promise.resolve(),
    },
    identity: () => provider.behave.identity(),
    async prepare(subject, target) {
      await provider.behave.prepare(subject);
      const isHeld = await provider.behave.holds(subject);
      const subjectId = provider.behave.idOf(subject);
      return {
        subjectId,
        targetId: provider.behave.targetIdOf(target),
        state: { subjectId, existed: isHeld },
        isHeld,
      };
    },
    async grant(subject, _, until, state) {
      calls.push("grant");
      await provider.behave.grant(subject);
      ends.set(subject, until);
      return { state };
    },
    async revoke(subject, _, { existed }) {
      // It was there before, so nothing of it is ours.
      if (existed === true) return { keptBy: [] };
      calls.push("revoke");
      await provider.behave.revoke(subject);
      const other = others.get(subject);
      return { keptBy: other === undefined ? [] : [other] };
    },
    holds: async (subject) => others.has(subject) || (await provider.behave.holds(subject)),
    lastUsed: (subject) => provider.behave.lastUsed(subject),
    async holders(target) {
      const targetId = provider.behave.targetIdOf(target);
      return (await provider.behave.holders(target)).map((subject): Holder => ({
        subject,
        subjectId: provider.behave.idOf(subject),
        targetId,
      }));
    },
    mustKeep: (subject) => provider.behave.mustKeep(subject),
    check: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  };
  return provider;
}
