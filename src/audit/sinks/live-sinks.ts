import type { SinkOptions } from "../../policy/language/sinks.ts";
import { type FollowDeps, followChain, type Follower } from "./follow.ts";
import { readSinkLag, type SinkLag, tellSinkLag } from "./lag.ts";
import { createSink, type SinkPlace } from "./registry.ts";

/** The sinks in use, which change when the policy does. */
export type LiveSinks = {
  /**
   * Opens the policy's sinks that are not in use yet, and returns a function that switches to them. Throws, and changes nothing, if
   * a secret is missing.
   */
  prepare(entries: ReadonlyMap<string, SinkOptions>): () => void;
  lag(): Promise<readonly LiveLag[]>;
  /** Checks now whether a sink lags. */
  look(): Promise<void>;
  stop(): Promise<void>;
};

/** How far behind a sink is, and how many differences from what was sent were found there. */
export type LiveLag = SinkLag & { readonly atOdds: number };

const lookEveryMs = 30_000;

type Deps = FollowDeps & SinkPlace;

/**
 * Keeps the policy's sinks in use. Sinks whose options stay the same are undisturbed; a changed one of the same name resumes where
 * the one before it was.
 */
export function createLiveSinks(deps: Deps): LiveSinks {
  const inUse = new Map<string, { readonly options: string; readonly follower: Follower }>();
  const ending = new Set<Promise<void>>();
  const look = (): Promise<void> => tellSinkLag(deps.db, deps.clock, [...inUse.keys()], deps.tell);
  const timer = setInterval(() => {
    look().catch((error: unknown) => deps.log.warn({ err: error }, "whether sinks lag could not be read"));
  }, lookEveryMs).unref();

  function end(name: string): void {
    const ended = inUse.get(name)?.follower.stop() ?? Promise.resolve();
    inUse.delete(name);
    ending.add(ended);
    void ended.then(() => ending.delete(ended));
  }

  return {
    prepare(entries) {
      const changed = [...entries].filter(
        ([name, options]) => inUse.get(name)?.options !== JSON.stringify(options),
      );
      const made = changed.map(([name, options]) => ({
        name,
        options,
        sink: createSink(name, options, deps),
      }));
      return () => {
        for (const name of inUse.keys()) if (!entries.has(name)) end(name);
        for (const { name, options, sink } of made) {
          end(name);
          const follower = followChain(deps, name, sink, options.personal === "open");
          inUse.set(name, { options: JSON.stringify(options), follower });
        }
      };
    },
    async lag() {
      const lags = await readSinkLag(deps.db, deps.clock, [...inUse.keys()]);
      return lags.map((lag) => ({ ...lag, atOdds: inUse.get(lag.sink)?.follower.atOdds() ?? 0 }));
    },
    look,
    async stop() {
      clearInterval(timer);
      for (const name of inUse.keys()) end(name);
      await Promise.all(ending);
    },
  };
}
