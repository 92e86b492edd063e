import { readFileSync } from "node:fs";
import { join } from "node:path";
import { destination } from "pino";
import { parse } from "yaml";
import { z } from "zod";
import type { Config } from "../../src/config.ts";
import { secretsFrom } from "../../src/config.ts";
import { createLogger } from "../../src/logger.ts";
import { startHallpass } from "../../src/main.ts";
import { migrateAsOwner } from "../../src/persistence/database/bring-up-to-date.ts";
import { createMovableClock } from "../../src/persistence/database/clock.ts";
import { worker } from "../../src/persistence/embedded/server.ts";
import { keepEmbeddedPostgres } from "../../src/persistence/embedded/keep.ts";
import { loadPolicy } from "../../src/policy/language/load.ts";
import { providerTypes } from "../../src/providers/registry.ts";
import type { ClockCard, CommandCard } from "../protocol.ts";
import { type SlackServer, startSlack } from "../../slack-simulator/server.ts";
import { castOf, seat } from "./cast.ts";
import { notesIn, slackIn } from "./keep.ts";
import { openOrders, type Orders } from "./orders.ts";
import { people as usual, seed, type StagePerson } from "./people.ts";
import { ordersVariable, readStagePolicy, type StagePolicy } from "./policy.ts";
import { askHallpass, type Facts } from "./questions.ts";
import { startRelay } from "./relay.ts";

/** All that runs behind the page. */
export type Stage = {
  readonly slack: SlackServer;
  /** In the order of the switch. */
  readonly people: readonly StagePerson[];
  /** The app's slash commands, from manifest.yml. */
  readonly commands: readonly CommandCard[];
  readonly orders: Orders;
  readonly clock: StageClock;
  readonly facts: Facts;
  /** Whether the first minute can be played: not by a policy of one's own. */
  readonly hasStory: boolean;
  /** Cuts, or mends, the network between Hallpass and the orders database. */
  readonly setProviderDown: (isDown: boolean) => void;
  readonly close: () => Promise<void>;
};

export type StageClock = {
  /** Playground's time, milliseconds since 1970. */
  readonly now: () => number;
  readonly aheadMs: () => number;
  /** Moves Hallpass's clock and Slack's time, forward only, and has Hallpass look. */
  readonly advance: (milliseconds: number) => void;
  /** What ends next by itself. */
  readonly next: () => Promise<ClockCard["next"]>;
};

export type StageOptions = {
  /** Everything is kept here; it must exist, and be no other running playground's. */
  readonly dataDir: string;
  /** The playground's own unless told. */
  readonly policy?: StagePolicy;
  /** Hears of each step when it is done. */
  readonly log?: (step: string) => void;
  /** Gives up between two steps. */
  readonly signal?: AbortSignal;
};

const manifestPath = join(import.meta.dirname, "../../manifest.yml");

/** Starts all of it, or nothing: what was started is closed again when a later step fails. */
export async function startStage({
  dataDir,
  policy: given,
  log = ignore,
  signal,
}: StageOptions): Promise<Stage> {
  const closers: (() => void | Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    // In reverse, and to the end: nothing is left running because something else could not be closed.
    const failures: unknown[] = [];
    for (const closer of closers.splice(0).toReversed()) {
      try {
        await closer();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join("; "));
  };
  const step = (done: string): void => {
    log(done);
    signal?.throwIfAborted();
  };

  try {
    const notes = notesIn(dataDir);
    const slackKeeper = slackIn(dataDir);
    const manifest = Manifest.parse(parse(readFileSync(manifestPath, "utf8")));
    const { path: policyPath, policy, isOwn } = given ?? (await readStagePolicy());
    const cast = castOf(policy);
    const people = [...cast.people, ...usual];
    const stream = destination({ dest: join(dataDir, "hallpass.log"), sync: true });
    closers.push(() => stream.end());
    const hallpassLog = createLogger("info", stream);

    // Beside Hallpass's own database it holds the one that is guarded.
    const postgres = await keepEmbeddedPostgres({ dataDir, log: hallpassLog, keepSuperuser: true });
    closers.push(() => postgres.stop());
    await migrateAsOwner(postgres.ownerUrl, worker, { queues: true, log: hallpassLog });
    step(`PostgreSQL on port ${new URL(postgres.url).port}`);

    const orders = await openOrders({
      serverUrl: postgres.superuserUrl ?? "",
      dataDir,
      people,
      onRead: () => notes.change({ queriesThatWorked: notes.get().queriesThatWorked + 1 }),
    });
    closers.push(orders.close);
    const relay = await startRelay(Number(new URL(postgres.url).port));
    closers.push(relay.close);
    step("The orders database, to be guarded");

    const clock = createMovableClock();
    clock.advance(notes.get().aheadMs);
    const now = (): number => Date.now() + notes.get().aheadMs;
    const slack = await startSlack({
      seed,
      now,
      memory: slackKeeper.memory,
      scopes: manifest.oauth_config.scopes.bot,
      commands: manifest.features.slash_commands.map(({ command }) => command),
    });
    seat(slack.workspace, cast);
    closers.push(slackKeeper.keep(slack.workspace), slack.close);
    step(`The simulated Slack at ${slack.url}`);

    const secret = secretsFrom();
    const hallpass = await startHallpass({
      config: configFor(slack, postgres.url, { dataDir, policyPath }),
      policy,
      // What is edited is in force a second later.
      policySource: { read: () => loadPolicy(policyPath, { providerTypes }), watchedPath: policyPath },
      secret: (name) => (name === ordersVariable ? orders.granterUrl(relay.port) : secret(name)),
      log: hallpassLog,
      clock,
    });
    closers.push(() => hallpass.stop());
    await hallpass.ready;
    const questions = askHallpass(postgres.url);
    closers.push(questions.close);
    step("Hallpass, connected to it");

    return {
      slack,
      people,
      commands: manifest.features.slash_commands.map(({ command, description, usage_hint: hint }) => ({
        command,
        description,
        hint,
      })),
      orders,
      clock: {
        now,
        aheadMs: () => notes.get().aheadMs,
        advance: (milliseconds) => {
          if (!(milliseconds >= 0 && Number.isFinite(milliseconds))) {
            throw new RangeError(
              `Time only goes forward: expected milliseconds from 0, got ${milliseconds}.`,
            );
          }
          clock.advance(milliseconds);
          notes.change({ aheadMs: notes.get().aheadMs + milliseconds, clockWasMoved: true });
          hallpass.look();
        },
        next: questions.next,
      },
      facts: {
        events: questions.events,
        queriesThatWorked: () => notes.get().queriesThatWorked,
        clockWasMoved: () => notes.get().clockWasMoved,
      },
      hasStory: isOwn,
      setProviderDown: relay.setDown,
      close,
    };
  } catch (error) {
    await close().catch(ignore);
    throw error;
  }
}

/** As Hallpass's environment would say it. */
function configFor(
  slack: SlackServer,
  databaseUrl: string,
  { dataDir, policyPath }: { readonly dataDir: string; readonly policyPath: string },
): Config {
  return {
    slack: {
      botToken: slack.tokens.bot,
      apiUrl: slack.apiUrl,
      transport: { mode: "socket", appToken: slack.tokens.app },
    },
    groups: { pagerDuty: undefined, opsgenie: undefined },
    http: { host: "127.0.0.1", port: 0 },
    ops: undefined,
    database: { url: databaseUrl, dataDir },
    redisUrl: undefined,
    auditKey: undefined,
    policyPath,
    logLevel: "info",
  };
}

const Manifest = z.object({
  features: z.object({
    slash_commands: z.array(
      z.object({ command: z.string(), description: z.string(), usage_hint: z.string().default("") }),
    ),
  }),
  oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }),
});

function ignore(): void {
  // See where it is used.
}
