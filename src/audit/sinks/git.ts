import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { GitOptions } from "../../policy/language/sinks.ts";
import type { ChainFacts } from "./chain-facts.ts";
import { createGit } from "./git-command.ts";
import { confirmedClaim, readHeld, tellClaims } from "./git-held.ts";
import { commitGroups, wordCommit } from "./git-words.ts";
import { type AtOdds, jsonLine, recordTime, type Sink, type SinkRecord } from "./sink.ts";

type Settings = Pick<GitOptions, "remote" | "branch" | "author"> & {
  /** A bare repository, created if there is none. */
  readonly directory: string;
};

/** The remote's branch as last fetched, and the commit that we last left on it. */
const theirs = "refs/remotes/sink/head";
const left = "refs/sink/left";

/**
 * Commits decisions to a repository: JSON lines in a file per month, the place in the chain in trailers. A batch is committed whole
 * or not at all, by `git fast-import`, and no text becomes an argument or a file name. Progress is our own count, as far as the
 * branch's content confirms it: others may commit there, and what their commits claim is not believed.
 */
export function createGitSink({ directory, remote, branch, author }: Settings): Sink {
  const ref = `refs/heads/${branch}`;
  const git = createGit(directory, remote);
  /** The place up to which the branch has everything; set by `reached`, which is called first. */
  let done = 0;

  /** The commit that a branch points to. */
  async function commitOf(name: string, signal: AbortSignal): Promise<string | undefined> {
    const found = await git.text(["for-each-ref", "--format=%(objectname)", name], { signal });
    return found === "" ? undefined : found;
  }

  /** Creates the repository, and takes over the remote's branch: another process, or somebody else, may have pushed to it. */
  async function open(signal: AbortSignal, atOdds: AtOdds): Promise<void> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await git.text(["init", "--quiet", "--bare", "--template=", `--initial-branch=${branch}`], { signal });
    // Left by a process that was killed; nobody else writes here, so nobody holds these locks.
    for (const lock of [`${ref}.lock`, `${left}.lock`, "packed-refs.lock"])
      await rm(join(directory, lock), { force: true });
    if (remote === undefined) return;
    const ours = await commitOf(left, signal);
    const listed = await git.text(["ls-remote", "--heads", "sink", ref], { signal });
    if (listed === "") {
      if (ours !== undefined) atOdds(`its branch with commit ${ours.slice(0, 12)} was gone`);
      // Local commits count only once they are on the remote.
      if ((await commitOf(ref, signal)) !== undefined) await push(signal);
      return;
    }
    await git.text(["fetch", "--quiet", "--no-tags", "sink", `+${ref}:${theirs}`], { signal });
    // The remote is what others read, so it wins: what was not pushed is written again on top of it.
    await git.text(["update-ref", ref, theirs], { signal });
    if (ours !== undefined && !(await isWithin(ours, theirs, signal)))
      atOdds(`its history was written anew, without commit ${ours.slice(0, 12)}`);
  }

  async function push(signal: AbortSignal): Promise<void> {
    await git.text(["push", "--quiet", "--no-verify", "sink", `${ref}:${ref}`], { signal });
  }

  async function isWithin(commit: string, of: string, signal: AbortSignal): Promise<boolean> {
    return (await git.text(["merge-base", of, commit], { signal }).catch(() => "")) === commit;
  }

  /** Reads what is on the branch, unless it ends in the very commit that we last left there. */
  async function held(facts: ChainFacts, signal: AbortSignal, atOdds: AtOdds): Promise<number> {
    const commit = await commitOf(ref, signal);
    if (commit === undefined) return facts.retired;
    const of = { git, commit, signal };
    const ours = await commitOf(left, signal);
    const claimed = ours === commit ? await confirmedClaim(of, facts) : undefined;
    if (claimed !== undefined && claimed >= facts.sent) return claimed;
    const known = ours !== undefined && (await isWithin(ours, commit, signal)) ? ours : undefined;
    await tellClaims(of, known, facts, atOdds);
    return readHeld(of, facts, atOdds);
  }

  function* commits(
    groups: readonly (readonly Filed[])[],
    files: Map<string, Buffer>,
    hasParent: boolean,
  ): Generator<Buffer | string> {
    let last = done;
    let from = hasParent ? `from ${ref}^0\n` : "";
    for (const group of groups) {
      for (const { record, file } of group) {
        const line = Buffer.from(`${jsonLine(record)}\n`);
        files.set(file, Buffer.concat([files.get(file) ?? Buffer.alloc(0), line]));
        if (record.kind !== "checkpoint") last = Math.max(last, record.sequence);
      }
      const records = group.map(({ record }) => record);
      const message = Buffer.from(`${wordCommit(records)}\n\n${trailers(records, last)}`);
      const who = `${author.name} <${author.email}> ${Math.floor(Date.parse(group.at(-1)?.at ?? "") / 1_000)} +0000`;
      yield `commit ${ref}\nauthor ${who}\ncommitter ${who}\ndata ${message.length}\n`;
      yield message;
      yield `\n${from}`;
      from = "";
      for (const file of new Set(group.map((each) => each.file))) {
        const content = files.get(file) ?? Buffer.alloc(0);
        yield `M 100644 inline ${file}\ndata ${content.length}\n`;
        yield content;
        yield "\n";
      }
    }
    yield "done\n";
  }

  return {
    async reached(facts, signal, atOdds) {
      await open(signal, atOdds);
      done = await held(facts, signal, atOdds);
      if (done < facts.sent) atOdds(`what was sent after place ${done} was not there`);
      return done;
    },

    async deliver(records, signal) {
      const fresh = records.filter(({ kind, sequence }) => kind === "checkpoint" || sequence > done);
      if (fresh.length > 0) {
        const parent = await commitOf(ref, signal);
        const groups = commitGroups(filed(fresh), ({ record }) => record);
        const files = new Map<string, Buffer>();
        const present =
          parent === undefined
            ? []
            : (await git.text(["ls-tree", "-z", "--name-only", ref], { signal })).split("\0");
        for (const file of new Set(groups.flat().map((each) => each.file))) {
          if (present.includes(file))
            files.set(
              file,
              inWholeLines(await git.bytes(["cat-file", "blob", `${ref}:${file}`], { signal })),
            );
        }
        await git.text(["fast-import", "--quiet", "--done"], {
          signal,
          input: () => commits(groups, files, parent !== undefined),
        });
        // A failed tidy-up is no reason to retry what is committed already.
        await git.text(["gc", "--auto", "--quiet"], { signal }).catch(() => "");
      }
      if (remote !== undefined) await push(signal);
      done = Math.max(
        done,
        ...fresh.filter(({ kind }) => kind !== "checkpoint").map(({ sequence }) => sequence),
      );
      // If another commit is found there next time, the branch's files are read.
      await git.text(["update-ref", left, ref], { signal }).catch(() => "");
    },

    close: () => Promise.resolve(),
  };
}

/** Somebody may have left a line unfinished; what we append must not become part of it. */
function inWholeLines(content: Buffer): Buffer {
  return content.length === 0 || content.at(-1) === 0x0a
    ? content
    : Buffer.concat([content, Buffer.from("\n")]);
}

type Filed = { readonly record: SinkRecord; readonly at: string; readonly file: string };

/** Files events by the month they happened in; other records stay with the one before. */
function filed(records: readonly SinkRecord[]): readonly Filed[] {
  let at = records.map(recordTime).find((time) => time !== undefined) ?? new Date().toISOString();
  return records.map((record) => {
    if (record.kind === "event") ({ at } = record);
    return { record, at, file: `${at.slice(0, 7)}.jsonl` };
  });
}

function trailers(records: readonly SinkRecord[], last: number): string {
  const hash = records.findLast(({ kind }) => kind === "event")?.hash;
  const checkpoint = records.findLast(({ kind }) => kind === "checkpoint");
  return [
    `Sequence: ${last}\n`,
    hash == null ? "" : `Hash: ${hash}\n`,
    checkpoint ? `Checkpoint: ${checkpoint.sequence}\n` : "",
  ].join("");
}
