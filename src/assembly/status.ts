import type { Readiness } from "../http/health.ts";

/** Whether Hallpass can do its work, as its parts say. */
export type Status = {
  /** Sets how to find out, each time somebody asks, why this keeps Hallpass from being ready; `undefined`: it does not. */
  watch(cause: Cause, why: () => Why | Promise<Why>): void;
  /** Adds a list of what Hallpass cannot do while it does the rest. */
  watchDegraded(list: () => readonly string[]): void;
  readonly readiness: () => Promise<Readiness>;
};

type Cause = "database" | "slack" | "token" | "calls";
type Why = string | undefined;

/** Creates the status of a Hallpass that starts. */
export function createStatus(): Status {
  const causes = new Map<Cause, () => Why | Promise<Why>>([
    ["database", () => "the database has not answered yet"],
    ["slack", () => "Slack is not connected yet"],
  ]);
  const degraded: (() => readonly string[])[] = [];
  return {
    watch: (cause, why) => void causes.set(cause, why),
    watchDegraded: (list) => void degraded.push(list),
    async readiness() {
      const asked = await Promise.all([...causes.values()].map(async (why) => why()));
      const why = asked.filter((each) => each !== undefined);
      return {
        ready: why.length === 0,
        why: [...new Set(why)],
        degraded: degraded.flatMap((list) => list()),
      };
    },
  };
}
