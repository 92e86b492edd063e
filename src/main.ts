import type { Logger } from "./logger.ts";
import { keepPolicy, type ReloadOutcome } from "./access/keep-policy.ts";
import { enforceLockdowns } from "./access/lockdown/lockdown.ts";
import { createLockdownReader } from "./access/lockdown/lockdown-reader.ts";
import { createSeal } from "./access/seal.ts";
import { createRecentStates } from "./access/requests/recent-states.ts";
import { atMost } from "./assembly/at-most.ts";
import { keepAudit } from "./assembly/audit.ts";
import { watchForDrift } from "./assembly/drift.ts";
import { watchOverdue } from "./assembly/overdue.ts";
import { watchProviders } from "./assembly/providers.ts";
import { connectSlack } from "./assembly/slack.ts";
import { openStorage } from "./assembly/storage.ts";
import { createWork } from "./assembly/work.ts";
import { createLiveSinks } from "./audit/sinks/live-sinks.ts";
import type { Config } from "./config.ts";
import type { QueueName } from "./domain/effect.ts";
import { createGroupReader } from "./groups/group-reader.ts";
import { createOpsgenie } from "./groups/opsgenie.ts";
import { createPagerDuty } from "./groups/pagerduty.ts";
import type { Readiness } from "./http/health.ts";
import { createMetrics } from "./http/metrics.ts";
import { startOpsServer } from "./http/ops-server.ts";
import { startHttpServer } from "./http/server.ts";
import { clearEffects } from "./jobs/clear-effects.ts";
import { type ChannelWatch, watchChannels } from "./assembly/channels.ts";
import { keepGoing } from "./rounds.ts";
import { createCourtesy } from "./jobs/courtesy.ts";
import { createQueues } from "./jobs/queues.ts";
import { watchProviderRecovery } from "./jobs/provider-recovery.ts";
import { startSweep } from "./jobs/sweep.ts";
import { type Clock, createDatabaseClock } from "./persistence/database/clock.ts";
import { createDatabaseCheck } from "./persistence/database/database.ts";
import { createPeople } from "./persistence/people/identities.ts";
import { hastenMessages, readWaitingMessages } from "./persistence/effects/owed-messages.ts";
import type { LoadedPolicy } from "./policy/language/load.ts";
import { peopleAmong } from "./policy/people.ts";
import type { Policy } from "./policy/policy.ts";
import { watchPolicy } from "./policy/language/watch.ts";
import { createLiveProviders } from "./providers/live-providers.ts";
import { createLookUp, type Workspace } from "./slack/directory/identify.ts";
import { createDirectory } from "./slack/directory/directory.ts";
import { createExports } from "./slack/exports.ts";
import { createHeldBack, type OnToken } from "./slack/delivery/held-back.ts";
import type { SlackListener } from "./slack/http-receiver.ts";
import { watchForLeavers } from "./slack/directory/leavers.ts";
import { createPace, type PaceLimits } from "./slack/delivery/pace.ts";
import { defaultSurface } from "./domain/surface.ts";
import { tellAlerts } from "./notify/alerts.ts";
import { createSlackSayer, createSlackSurface } from "./slack/delivery/surface.ts";
import { createTokenWatch } from "./slack/client/token-watch.ts";
import { createUserGroups } from "./slack/directory/user-groups.ts";
import { createPatientClient, createWebClient } from "./slack/client/web-client.ts";
import { toAlerts } from "./words/event-words.ts";

export type HallpassSettings = {
  readonly config: Config;
  /** The policy to begin with. */
  readonly policy: Policy;
  /** Where the policy is reloaded from; absent if it never changes. */
  readonly policySource?: PolicySource;
  /** What `${NAME}` in the policy stands for. */
  readonly secret: (name: string) => string | undefined;
  readonly log: Logger;
  /** Stops Hallpass, also while it starts: it then releases what it has, and throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** The database's time by default. */
  readonly clock?: Clock;
  /** How fast messages may come into a channel; by default as fast as Slack takes them. */
  readonly pace?: PaceLimits;
};

export type PolicySource = {
  readonly read: () => Promise<LoadedPolicy>;
  /** Checked each second; absent: reloaded only when told to. */
  readonly watchedPath?: string;
};

export type Hallpass = {
  /** Where /healthz, a bare /readyz and, in HTTP mode, /slack/events are served. */
  readonly port: number;
  /** Where /metrics and why Hallpass is not ready are served, if anywhere. */
  readonly opsPort: number | undefined;
  readonly databaseUrl: string;
  /** Resolves once everything is carried out and Slack is connected. */
  readonly ready: Promise<void>;
  /** Puts the policy that is now on disk in force, if it is valid. */
  reloadPolicy(): Promise<ReloadOutcome>;
  /** Looks for what is due now, after a clock was moved. */
  look(): void;
  /** Seals the audit and publishes a checkpoint, without waiting for the hourly one. */
  publishAudit(): Promise<void>;
  /** Finishes or hands back what is in hand, within some 10 s, and releases everything. */
  stop(): Promise<void>;
};

/** A lockdown ends what is open at once; this finds what another process let in at that moment. */
const enforceEveryMs = 5_000;

/** How long work in hand has when Hallpass is told to stop; service managers commonly kill after 10 s in all. */
const stopTimeoutMs = 5_000;

/** How long parts that are still starting have to notice that Hallpass is told to stop. */
const startTimeoutMs = 4_000;

/**
 * Builds and starts Hallpass: health checks first, then the database, then the effects that are owed, then Slack.
 * Access that is due to end is ended as soon as the database answers, whether or not Slack does.
 */
export async function startHallpass(settings: HallpassSettings): Promise<Hallpass> {
  const { config, policy, log, signal, clock = createDatabaseClock() } = settings;
  const trouble = new Map<string, string>([
    ["database", "the database has not answered yet"],
    ["slack", "Slack is not connected yet"],
  ]);
  const stopping = new AbortController();
  const closers: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    stopping.abort();
    // In reverse order, so that nothing is closed that another part still uses.
    for (const close of closers.splice(0).toReversed()) {
      await close().catch((error: unknown) =>
        log.error({ err: error }, "a part could not be stopped in order"),
      );
    }
  };

  const onSignal = (): void => {
    stopping.abort(signal?.reason);
    // Parts that are starting and have not noticed by then are left behind.
    setTimeout(() => void stop(), startTimeoutMs).unref();
  };
  signal?.addEventListener("abort", onSignal, { once: true });

  try {
    signal?.throwIfAborted();
    let slackEvents: SlackListener | undefined;
    let checkDatabase = (): Promise<string | undefined> => Promise.resolve(undefined);
    let degraded = (): readonly string[] => [];
    let slackAway = (): string | undefined => undefined;
    const onSlackEvent: SlackListener = async (request, response) => {
      // Not connected yet: Slack retries the delivery later.
      if (slackEvents) await slackEvents(request, response);
      else response.writeHead(503, { connection: "close" }).end();
    };
    const metrics = createMetrics();
    const readiness = async (): Promise<Readiness> => {
      const why = [await checkDatabase(), ...trouble.values(), slackAway()].filter(
        (each) => each !== undefined,
      );
      return { ready: why.length === 0, why: [...new Set(why)], degraded: degraded() };
    };
    metrics.watchReadiness(readiness);
    const http = await startHttpServer({
      ...config.http,
      log,
      readiness,
      ...(config.slack.transport.mode === "http" ? { slackEvents: onSlackEvent } : {}),
    });
    closers.push(() => http.close());
    const ops = config.ops && (await startOpsServer({ ...config.ops, log, readiness, metrics }));
    if (ops) closers.push(() => ops.close());

    const { databaseUrl, database } = await openStorage(config, log, stopping.signal, closers);
    trouble.delete("database");
    checkDatabase = createDatabaseCheck(database);
    const { prisma: db } = database;
    metrics.watchMessages(() => readWaitingMessages(db, clock));

    const providers = createLiveProviders(settings.secret, (error) =>
      log.warn({ err: error }, "a provider that was replaced could not be closed"),
    );
    closers.push(() => atMost(500, providers.close()));
    let onToken: OnToken = () => undefined;
    const heldBack = createHeldBack(log, (refusal) => onToken(refusal));
    slackAway = heldBack.away;
    const calling = { ...config.slack, log, observer: heldBack.observer };
    const client = createWebClient(calling);
    const directory = createDirectory(client);
    const patient = createPatientClient(calling);
    const sayers = new Map([[defaultSurface, createSlackSayer({ client: patient, directory })]]);
    const tellIn = (destination: string, text: string): void =>
      tellAlerts({ sayers, log }, destination, text);
    const alert = (text: string): void => tellIn(keeper.current().settings.alerts, text);
    const sinks = createLiveSinks({
      databaseUrl,
      db,
      clock,
      log,
      resolveSecret: settings.secret,
      dataDir: config.database.dataDir,
      tell: alert,
    });
    closers.push(() => atMost(1_000, sinks.stop()));
    metrics.watchSinks(() => sinks.lag());
    const providerWatch = watchProviders({
      db,
      sayers,
      providers: providers.byName,
      metrics,
      log,
    });
    closers.push(() => atMost(500, providerWatch.stop()));
    let channelWatch: ChannelWatch | undefined;
    degraded = () => [...providerWatch.troubled(), ...(channelWatch?.troubled() ?? []), ...heldBack.list()];
    const keeper = await keepPolicy(
      {
        db,
        clock,
        read: settings.policySource?.read ?? ((): Promise<LoadedPolicy> => Promise.resolve(same(policy))),
        prepare(prepared) {
          const [useProviders, useSinks] = [
            providers.prepare(prepared.providers),
            sinks.prepare(prepared.sinks),
          ];
          return () => {
            useProviders();
            useSinks();
            // Providers from a reload are checked like those at a start.
            providerWatch.onPolicy(prepared);
            channelWatch?.look();
          };
        },
        tell: (told, text) => tellIn(told.settings.alerts, text),
        onOutcome: (outcome, { hash }) => metrics.policyLookedAt(outcome, hash),
        onError: (error, what) => log.error({ err: error }, what),
      },
      policy,
    );
    metrics.policyLookedAt("loaded", policy.hash);
    const { watchedPath } = settings.policySource ?? {};
    if (watchedPath !== undefined) {
      const watch = watchPolicy(watchedPath, () => keeper.reload("watch"));
      closers.push(() => Promise.resolve(watch.stop()));
    }
    const courtesy = createCourtesy();
    const queues = createQueues({
      redisUrl: config.redisUrl,
      databaseUrl,
      courtesy,
      onNotTaken: () => sweep.look(),
      log,
    });
    const userGroups = createUserGroups(client);
    const { pagerDuty, opsgenie } = config.groups;
    const groups = createGroupReader({
      slack: userGroups,
      pagerDuty: pagerDuty && createPagerDuty(pagerDuty),
      opsgenie: opsgenie && createOpsgenie(opsgenie),
    });
    // Never rejects; fills the cache before the first click.
    void groups.read(policy.outsideGroups);
    let workspace: Workspace | undefined;
    const lookUp = createLookUp(directory, () => workspace);
    const people = createPeople({
      db,
      clock,
      lookUp,
      onChange(event) {
        const text = toAlerts(event);
        if (text !== undefined) alert(text);
      },
    });
    const record = { db, clock, wake: queues.wake, recent: createRecentStates(), people, lookUp };
    const report = (error: unknown, about: object): void =>
      log.error({ err: error, ...about }, "a fault in Hallpass");
    const token = createTokenWatch({
      client,
      log,
      onChange(why) {
        if (why !== undefined) return void trouble.set("slack token", why);
        trouble.delete("slack token");
        hastenMessages(db, clock).then(
          () => sweep.look(),
          (error: unknown) => log.warn({ err: error }, "messages that waited are sent a little later"),
        );
      },
    });
    onToken = (refusal) => (refusal === undefined ? token.accepted() : token.refused(refusal));
    closers.push(() => Promise.resolve(token.stop()));
    const admins = async (): Promise<readonly string[]> => {
      const current = keeper.current();
      const memberships = await groups.read(current.outsideGroups);
      return peopleAmong(current, memberships, current.settings.admins).emails;
    };
    const pace = createPace(settings.pace);
    const seal = createSeal(config.slack.botToken);
    const slack = createSlackSurface({ client: patient, directory, pace, token, heldBack, log });
    const surfaces = new Map([[slack.name, slack]]);
    const parts = { ...record, seal, sayers, policy: keeper.current, log };
    const work = createWork({ ...parts, surfaces, admins, providers: providers.byName, report, courtesy });
    const run = async (effectId: string, queue: QueueName): Promise<void> =>
      // Access that is due to end is found together.
      queue === "revocations" ? sweep.end() : work.run(effectId, queue);
    const audit = await keepAudit({ config, ...parts });
    closers.push(() => atMost(1_500, audit.stop()));
    const drift = watchForDrift({ ...parts, providers: providers.byName, metrics });
    closers.push(() => atMost(1_000, drift.stop()));
    const keepSeconds = (): number => keeper.current().settings.keepEffectsSeconds;
    const clearing = clearEffects({ db, clock, keepSeconds, log });
    closers.push(() => atMost(500, clearing.stop()));
    const sweep = startSweep({ ...record, queues, run, end: (effect) => work.end(effect), log });
    queues.work(run);
    closers.push(
      // HTTP requests under way still need the database, so they are waited for here and not only at the very end.
      () => atMost(stopTimeoutMs + 1_500, sweep.stop(), queues.close(stopTimeoutMs), http.close()),
    );

    const lockdowns = keepGoing(
      async () => {
        await enforceLockdowns(record);
        return enforceEveryMs;
      },
      { log, fault: "it could not be looked for what a lockdown ends" },
    );
    closers.push(() => atMost(1_000, lockdowns.stop()));
    const returns = watchProviderRecovery({ ...record, providers: providers.byName, log });
    closers.push(() => atMost(500, returns.stop()));
    const watchdog = watchOverdue(config, databaseUrl, clock, metrics, log);
    closers.push(() => atMost(2_000, watchdog.stop()));

    const exports = createExports();
    closers.push(() => atMost(2_000, exports.stop()));
    const slackDeps = {
      ...record,
      attend: courtesy.attend,
      policy: keeper.current,
      groups,
      lockdowns: createLockdownReader(db),
      userGroups,
      directory,
      // A client of its own: the SDK limits its calls at a time, and messages must not wait for files.
      uploads: createPatientClient(calling),
      exports,
      alert,
      log,
      databaseUrl,
      auditKey: audit.key,
      seal,
    };
    const connectAndWatch = async (): Promise<void> => {
      await connectSlack(
        { slack: calling, metrics },
        client,
        slackDeps,
        stopping.signal,
        trouble,
        (app, installed, close) => {
          workspace = installed;
          slackEvents = app.requestListener;
          closers.push(() => Promise.resolve(close()));
        },
      );
      const channels = watchChannels({ directory, policy: keeper.current, log });
      channelWatch = channels;
      closers.push(() => atMost(500, channels.stop()));
      const leavers = watchForLeavers({ ...record, log });
      closers.push(() => Promise.resolve(leavers.stop()));
      log.info({ port: http.port }, "Hallpass is ready");
    };
    const ready = connectAndWatch();
    ready.catch((error: unknown) => {
      if (!stopping.signal.aborted) log.fatal({ err: error }, "Slack could not be connected");
    });
    return {
      port: http.port,
      opsPort: ops?.port,
      databaseUrl,
      ready,
      reloadPolicy: () => keeper.reload("signal"),
      publishAudit: () => audit.publish(),
      look() {
        sweep.look();
        watchdog.look();
        drift.now();
        channelWatch?.look();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function same(policy: Policy): LoadedPolicy {
  return { ok: true, policy, warnings: () => [] };
}
