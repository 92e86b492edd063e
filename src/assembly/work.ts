import type { IdentityDeps, RecordDeps } from "../access/deps.ts";
import { createAccessHandlers } from "../access/carry-out/handlers.ts";
import type { CarryOutDeps } from "../access/carry-out/carry-out.ts";
import { createStateCache } from "../access/requests/state-cache.ts";
import { createSecretBox, type SecretBox } from "../access/secret-box.ts";
import type { QueueName } from "../domain/effect.ts";
import { createGroupReader, type GroupReader } from "../groups/group-reader.ts";
import { createOpsgenie } from "../groups/opsgenie.ts";
import { createPagerDuty } from "../groups/pagerduty.ts";
import type { HttpServer } from "../http/serve.ts";
import { type Courtesy, createCourtesy } from "../jobs/courtesy.ts";
import { createQueues } from "../jobs/queues.ts";
import { runClaimed, type RunnerDeps, runEffect } from "../jobs/run-effect.ts";
import { startSweep, type Sweep } from "../jobs/sweep.ts";
import type { ClaimedEffect } from "../persistence/effects/effects.ts";
import { hastenMessages } from "../persistence/effects/owed-messages.ts";
import { createPeople } from "../persistence/people/identities.ts";
import { createBatchedEnds } from "../persistence/requests/batched-ends.ts";
import { peopleAmong } from "../policy/people.ts";
import { tryToken } from "../slack/client/token-watch.ts";
import { createNotifier, type NotifierDeps } from "../notify/notifier.ts";
import { createSlackSurface } from "../slack/delivery/surface.ts";
import { createPace, type PaceLimits } from "../slack/delivery/pace.ts";
import { createLookUp } from "../slack/directory/identify.ts";
import { toAlerts } from "../words/event-words.ts";
import { createUserGroups, type UserGroups } from "../slack/directory/user-groups.ts";
import type { Enforced } from "./policy.ts";
import type { Running } from "./running.ts";
import type { SlackClient } from "./slack-client.ts";
import type { SlackLink } from "./slack-link.ts";
import type { Storage } from "./storage.ts";

/** What work under way has to end in when Hallpass is told to stop; service managers commonly kill after 10 s in all. */
const stopTimeoutMs = 5_000;

export type WorkParts = Running &
  Storage &
  SlackClient &
  Enforced & {
    readonly link: SlackLink;
    readonly http: HttpServer;
    readonly pace: PaceLimits | undefined;
  };

export type Work = {
  /** What recording a transition needs. */
  readonly record: RecordDeps & IdentityDeps;
  readonly courtesy: Courtesy;
  readonly groups: GroupReader;
  readonly userGroups: UserGroups;
  readonly secretBox: SecretBox;
  readonly sweep: Sweep;
};

/** Carries out what is owed, and the rest as it comes. */
export function startWork(parts: WorkParts): Work {
  const { config, db, clock, log, closers, client, directory, policy, token, http } = parts;
  const courtesy = createCourtesy();
  const queues = createQueues({ ...parts, redisUrl: config.redisUrl, courtesy });
  const userGroups = createUserGroups(client);
  const { pagerDuty, opsgenie } = config.groups;
  const groups = createGroupReader({
    slack: userGroups,
    pagerDuty: pagerDuty && createPagerDuty(pagerDuty),
    opsgenie: opsgenie && createOpsgenie(opsgenie),
  });
  // Never rejects; fills the cache before the first click.
  void groups.read(policy().outsideGroups);
  const lookUp = createLookUp(directory, parts.link.workspace);
  const people = createPeople({
    db,
    clock,
    lookUp,
    onChange(event) {
      const text = toAlerts(event);
      if (text !== undefined) parts.tell(text);
    },
  });
  const record = { db, clock, wake: queues.wake, recent: createStateCache(), people, lookUp };
  const secretBox = createSecretBox(config.slack.botToken);
  const slack = createSlackSurface({ ...parts, client: parts.patient, pace: createPace(parts.pace) });
  const { run, end } = createRunner({
    ...parts,
    ...record,
    surfaces: new Map([[slack.name, slack]]),
    admins: async () => {
      const current = policy();
      return peopleAmong(current, await groups.read(current.outsideGroups), current.settings.admins).emails;
    },
    secretBox,
    report: (error, about) => log.error({ err: error, ...about }, "a fault in Hallpass"),
    courtesy,
  });
  const sweep = startSweep({ ...record, queues, run, end, log });
  queues.work(
    // Access that is due to end is found together.
    async (effectId, queue) => (queue === "revocations" ? sweep.end() : run(effectId, queue)),
    () => sweep.look(),
  );
  closers.add(
    // HTTP requests under way still need the database, so they are waited for here and not only at the very end.
    () => Promise.all([sweep.stop(), queues.close(stopTimeoutMs), http.close()]),
    stopTimeoutMs + 1_500,
  );

  token.onChange(() => {
    if (token.isRefused()) return;
    hastenMessages(db, clock).then(
      () => sweep.look(),
      (error: unknown) => log.warn({ err: error }, "messages that waited are sent a little later"),
    );
  });
  const trying = tryToken(client, token);
  closers.add(() => trying.stop());
  return { record, courtesy, groups, userGroups, secretBox, sweep };
}

type Runner = {
  /** Carries out an effect, as it is now in the database. */
  readonly run: (effectId: string, queue: QueueName) => Promise<void>;
  /** Carries out a claimed revocation. */
  readonly end: (effect: ClaimedEffect) => Promise<void>;
};

/** Creates what carries out all effects. */
function createRunner(
  parts: CarryOutDeps & IdentityDeps & NotifierDeps & { readonly courtesy: Courtesy },
): Runner {
  const { courtesy } = parts;
  const carryOut = { ...parts, ends: createBatchedEnds(parts.db, parts.clock) };
  const runner: RunnerDeps = {
    ...parts,
    handlers: { ...createAccessHandlers(carryOut), ...createNotifier(parts) },
  };
  return {
    async run(effectId, queue) {
      // Messages give way to people who wait; grants give way less.
      await courtesy.turn(queue === "grants");
      return runEffect(runner, effectId);
    },
    // Revocations never yield; like people who wait, they make other work yield.
    end: (effect) => courtesy.attend(() => runClaimed(runner, effect)),
  };
}
