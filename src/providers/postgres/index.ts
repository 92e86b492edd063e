import { z } from "zod";
import { defineProvider } from "../define.ts";
import type { Ended, Provider, ProviderState } from "../provider.ts";
import { createUnderWay } from "../under-way.ts";
import { addressFault } from "./address.ts";
import { check, checkReplica } from "./check.ts";
import { connectTo, type Times, usualTimes } from "./connection.ts";
import { grant } from "./grant.ts";
import { holdersOf, whyKept } from "./holders.ts";
import { createMemberships } from "./memberships.ts";
import { nameFault, quote, subjectFor, SubjectForm } from "./names.ts";
import { createOutlives, reassign } from "./outlives.ts";
import { prepare } from "./prepare.ts";
import { endOnReplica } from "./replicas.ts";
import { lastUse } from "./sessions.ts";
import { type GrantState, insistOnSystem, readState, stateByName } from "./state.ts";

const RoleName = z
  .string()
  .refine((name) => nameFault(name) === undefined, { error: (issue) => nameFault(String(issue.input)) });

const ServerUrl = z.string().refine((text) => addressFault(text) === undefined, {
  error: (issue) => addressFault(String(issue.input)),
});

export type PostgresOptions = z.infer<typeof PostgresOptions>;
export const PostgresOptions = z.strictObject({
  /** The server's URL, with a user who may grant the roles and end sessions. */
  url: ServerUrl,
  /** Its standbys, where sessions are ended, too. */
  replicas: z.array(ServerUrl).optional(),
  /** The role name of a person not named in `people:`; by default the part before the `@`. */
  subject: SubjectForm.optional(),
  /** When access ends, what the person made while they had the role becomes the role's. */
  reassign: z.boolean().optional(),
});

/** The role whose membership is granted. */
export type PostgresTarget = z.infer<typeof PostgresTarget>;
export const PostgresTarget = z.strictObject({
  role: RoleName,
  /** Confirms that the role is meant although it is, or leads to, a superuser or the like. */
  dangerous: z.boolean().optional(),
});

/** Role memberships in PostgreSQL from version 15 on. */
export const postgres = defineProvider<PostgresOptions, PostgresTarget>({
  type: "postgres",
  title: "PostgreSQL roles",
  options: PostgresOptions,
  target: PostgresTarget,
  subject: RoleName,
  can: ["lastUsed", "holders", "mustKeep"],
  // Calls made together are batched: a thousand that end at the same time are some dozens of commits.
  atOnce: 60,
  subjectFor,
  create: (options) => createPostgres(options),
});

/**
 * Creates a provider that grants membership of a role, and nothing else.
 *
 * - It grants, reads back and revokes one *direct* membership, by one grantor, identified by OIDs. If a subject also
 *   has the role by somebody else's grant or through another role, they keep that: it isn't ours to take, and is
 *   reported.
 * - `revoke` then ends the subject's sessions, here and on replicas, and returns when they are gone; people reconnect
 *   with what they have left. `holds` need not look at sessions.
 * - Use is what `pg_stat_activity` shows of the subject's sessions, whichever role they act as: running now, or since
 *   when idle. A session that begins and ends between two looks is seen only if the extension `pg_stat_statements` is
 *   installed in the database connected to, by the number of the subject's statements.
 * - `holders` are the direct members, including roles that have members themselves. The role that Hallpass connects as
 *   is left out as long as it may only grant the role (`ADMIN OPTION`).
 * - PostgreSQL has no expiry for a membership, so `until` isn't used.
 *
 * Errors are the server's own words; `retryable` unless the server refused.
 */
export function createPostgres(
  options: PostgresOptions,
  times: Times = usualTimes,
): Provider<PostgresTarget> {
  const server = connectTo(options.url, times);
  const replicas = (options.replicas ?? []).map((url) => connectTo(url, times));
  const memberships = createMemberships(server);
  const outlives = createOutlives(server);
  const statements = new Map<string, number>();
  const calls = createUnderWay();

  /** A call that queries the server several times, or waits to be batched with others; closing waits for all of it. */
  const whole =
    <Args extends readonly unknown[], Answer>(work: (...args: Args) => Promise<Answer>) =>
    (...args: Args): Promise<Answer> =>
      calls.note(work(...args));

  /** Reads a state. Where there is one, access has to be ended, so each server keeps a connection open. */
  const known = async (
    subject: string,
    { role }: PostgresTarget,
    state: ProviderState,
  ): Promise<GrantState> => {
    for (const each of [server, ...replicas]) each.stay();
    return readState(state) ?? server.call((session) => stateByName(session, server.address, subject, role));
  };

  return {
    identity: () => server.call(({ system }) => Promise.resolve(system)),

    prepare: (subject, target) => server.call((session) => prepare(session, server.address, subject, target)),

    grant: whole(async (subject, target, _until, state) => {
      const prepared = await known(subject, target, state);
      return { state: await server.call((session) => grant(server, session, prepared)) };
    }),

    revoke: whole(async (subject, target, state): Promise<Ended> => {
      const granted = await known(subject, target, state);
      const { keptBy, endsSessions, settle } = await memberships.take(granted);
      if (!endsSessions) return { keptBy };
      await Promise.all(replicas.map((replica) => endOnReplica(replica, granted)));
      settle();
      if (granted.ours === "all") return { keptBy };
      const faults =
        options.reassign === true ? await server.call((session) => reassign(session, granted)) : [];
      const left = await outlives(granted);
      if (left === undefined) return { keptBy };
      const why = faults.length === 0 ? "" : ` (not handed over: ${faults.join("; ")})`;
      return { keptBy, outlives: `${left}${why}` };
    }),

    holds: whole(async (subject, target, state) => {
      return (await memberships.find(await known(subject, target, state))).works;
    }),

    lastUsed: whole(async (subject, target, state) => {
      const { member, ...granted } = await known(subject, target, state);
      return server.call((session) => {
        insistOnSystem(session, server.address, granted);
        return lastUse(session, member.oid, statements);
      });
    }),

    holders: ({ role }) => server.call((session) => holdersOf(session, role)),

    mustKeep: (subject, { role }) => server.call((session) => whyKept(session, subject, role)),

    howToUse: (_subject, _target, state) => {
      const granted = readState(state);
      return granted?.needsSetRole === true
        ? `In each session, say: SET ROLE ${quote(granted.role.name)};`
        : undefined;
    },

    check: whole(async (targets) => {
      const { warnings, system } = await server.call(async (session) => ({
        warnings: await check(session, targets),
        system: session.system,
      }));
      const ofReplicas = await Promise.all(replicas.map((replica) => checkReplica(replica, system)));
      return [...warnings, ...ofReplicas.flat()];
    }),

    async close() {
      await calls.ended();
      await Promise.all([server, ...replicas].map((each) => each.close()));
    },
  };
}
