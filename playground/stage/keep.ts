import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { systemCode } from "../../src/persistence/embedded/error.ts";
import { readMemory, writeMemory, type WorkspaceMemory } from "../../slack-simulator/memory.ts";
import type { Workspace } from "../../slack-simulator/workspace.ts";
import { PlaygroundError } from "./playground-error.ts";

/** What the playground itself remembers. */
export type Notes = z.infer<typeof Notes>;
const Notes = z.object({
  aheadMs: z.number().nonnegative(),
  clockWasMoved: z.boolean(),
  queriesThatWorked: z.int().nonnegative(),
});

const nothingYet: Notes = { aheadMs: 0, clockWasMoved: false, queriesThatWorked: 0 };

/** Broken data: the message names the file and what to do. */
function broken(path: string, cause: unknown): PlaygroundError {
  const why = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
  return new PlaygroundError(
    `${path} is not as the playground wrote it: ${why}\n` +
      "Start with --fresh to throw this playground away and begin anew: npm run playground -- --fresh",
    { cause },
  );
}

/** What the playground itself remembers in this folder. Throws a `PlaygroundError` for a broken file. */
export function notesIn(dataDir: string): {
  readonly get: () => Notes;
  /** On disk when it returns: time, above all, must not go back. */
  readonly change: (changes: Partial<Notes>) => void;
} {
  const path = join(dataDir, "playground.json");
  let notes = readOr(path, (text) => Notes.parse(JSON.parse(text)), nothingYet);
  return {
    get: () => notes,
    change: (changes) => {
      notes = { ...notes, ...changes };
      replace(path, JSON.stringify(notes));
    },
  };
}

export type SlackKeeper = {
  readonly memory: WorkspaceMemory | undefined;
  /** Saves the workspace soon after each change, until the function it returns is called, which saves it once more. */
  readonly keep: (workspace: Workspace) => () => void;
};

const soonMs = 200;
const kept: ReadonlySet<string> = new Set(["user", "channel", "usergroup", "message", "file", "home"]);

/** What the simulated Slack remembers in this folder. Throws a `PlaygroundError` for a broken file. */
export function slackIn(dataDir: string): SlackKeeper {
  const path = join(dataDir, "slack.json");
  return {
    memory: readOr<WorkspaceMemory | undefined>(path, readMemory, undefined),
    keep: (workspace) => {
      let timer: NodeJS.Timeout | undefined;
      const save = (): void => {
        clearTimeout(timer);
        timer = undefined;
        replace(path, writeMemory(workspace.memory()));
      };
      const stop = workspace.onChange(({ kind }) => {
        if (kept.has(kind)) timer ??= setTimeout(save, soonMs);
      });
      return () => {
        stop();
        save();
      };
    },
  };
}

function readOr<T>(path: string, read: (text: string) => T, missing: T): T {
  try {
    return read(readFileSync(path, "utf8"));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return missing;
    throw broken(path, error);
  }
}

/** Written aside and renamed: whoever is killed meanwhile leaves the last whole file. */
function replace(path: string, text: string): void {
  const aside = `${path}.new`;
  writeFileSync(aside, text, { mode: 0o600 });
  renameSync(aside, path);
}
