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
  /** How the server is reached: as a user who may grant the roles and end sessions. */
  url: ServerUrl,
  /** Its standbys, whose sessions end, too. */
  replicas: z.array(ServerUrl).optional(),
  /** How a person is known whom `people:` does not name; what stands before the `@` where absent. */
  subject: SubjectForm.optional(),
  /** What somebody made while they had a role is the role's when it ends. */
  reassign: z.boolean().optional(),
});

/** The role whose membership is granted. */
export type PostgresTarget = z.infer<typeof PostgresTarget>;
export const PostgresTarget = z.strictObject({
  role: RoleName,
  /** That it is, or leads to, a superuser or the like is meant. */
  dangerous: z.boolean().optional(),
});

/** PostgreSQL from 15 on: memberships of roles. */
export const postgres = defineProvider<PostgresOptions, PostgresTarget>({
  type: "postgres",
  title: "PostgreSQL roles",
  options: PostgresOptions,
  target: PostgresTarget,
  subject: RoleName,
  can: ["lastUsed", "holders", "mustKeep"],
  // What is asked together is gathered: a thousand that end at the same time are some dozens of commits.
  atOnce: 60,
  subjectFor,
  create: (options) => createPostgres(options),
});

/**
 * Grants membership of a role, and nothing else.
 *
 * - What is granted, read back and revoked is one *direct* membership, of one grantor, by OIDs. A subject who has the same by
 *   somebody else's grant or by way of another role keeps that: it isn't ours to take, and is said.
 * - `revoke` then ends the subject's sessions, here and on replicas, and returns when they are gone: people connect again, with
 *   what they have left. `holds` need not look at sessions.
 * - Use is what `pg_stat_activity` shows of the subject's sessions, whichever role they act as: running now, or since when
 *   idle. A session that begins and ends between two looks is seen only where the extension `pg_stat_statements` is
 *   installed in the database connected to, by the number of the subject's statements.
 * - `holders` are the direct members, roles among them that others are members of. The role that Hallpass connects as is
 *   none as long as it only may grant the role (`ADMIN OPTION`).
 * - PostgreSQL has no expiry for a membership, so `until` isn't used.
 *
 * Errors are the server's own words; `retryable` unless the server said no.
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

  /** One that asks the server several times, or waits to be asked together with others; closing waits for all of it. */
  const whole =
    <Args extends readonly unknown[], Answer>(work: (...args: Args) => Promise<Answer>) =>
    (...args: Args): Promise<Answer> =>
      calls.note(work(...args));

  /** By a state there is something that has to end. */
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
