import { execFile } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { GitOptions } from "../../policy/sinks.ts";
import { commitGroups, wordCommit } from "./git-words.ts";
import { jsonLine, recordTime, type Sink, SinkError, type SinkRecord } from "./sink.ts";

type Settings = Pick<GitOptions, "remote" | "branch" | "author"> & {
  /** A bare repository, made where there is none. */
  readonly directory: string;
};

const commandMs = 60_000;
/** A month of JSON lines. */
const maxOutputBytes = 512 * 1024 * 1024;

/**
 * Commits decisions to a repository: JSON lines in a file per month, the place in the chain in trailers. Batches go through
 * `git fast-import`: all of one or none of it, and no text is ever an argument or a file name. The repository itself says how
 * far it has come.
 */
export function createGitSink({ directory, remote, branch, author }: Settings): Sink {
  const ref = `refs/heads/${branch}`;
  // An address may hold a secret: neither the list of processes nor a file of the repository is to show it.
  const environment = {
    ...gitEnvironment(),
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "remote.sink.url",
    GIT_CONFIG_VALUE_0: remote ?? "",
  };

  async function git(
    args: readonly string[],
    { signal, input }: { readonly signal: AbortSignal; readonly input?: () => Generator<Buffer | string> },
  ): Promise<string> {
    const [command] = args;
    return new Promise((resolve, reject) => {
      const child = execFile(
        "git",
        [`--git-dir=${directory}`, ...args],
        {
          signal,
          timeout: commandMs,
          killSignal: "SIGKILL",
          maxBuffer: maxOutputBytes,
          env: environment,
        },
        (error, stdout, stderr) => {
          if (!error) return resolve(stdout);
          // The error's own message holds the arguments, and an address among them may hold a secret.
          const said = stderr.replace(/\s+/gu, " ").trim().slice(-200);
          reject(new SinkError(`git ${command} failed${said === "" ? ` (${error.code})` : `: ${said}`}`));
        },
      );
      // What git says of input it did not like counts, and not that it hung up.
      if (child.stdin) pipeline(Readable.from(input?.() ?? []), child.stdin).catch(() => undefined);
    });
  }

  async function has(commit: string, signal: AbortSignal): Promise<boolean> {
    const found = await git(["for-each-ref", "--format=%(objectname)", commit], { signal });
    return found.trim() !== "";
  }

  /** Makes the repository, and takes over what the remote has and this one has not: another process may have been here. */
  async function open(signal: AbortSignal): Promise<void> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await git(["init", "--quiet", "--bare", "--template=", `--initial-branch=${branch}`], { signal });
    // Left by a process that was killed; nobody else writes here, so nobody else holds them.
    for (const lock of [`${ref}.lock`, "packed-refs.lock"]) await rm(join(directory, lock), { force: true });
    if (remote === undefined) return;
    const theirs = "refs/remotes/sink/head";
    const listed = await git(["ls-remote", "--heads", "sink", ref], { signal });
    if (listed.trim() === "") return;
    await git(["fetch", "--quiet", "--no-tags", "sink", `+${ref}:${theirs}`], { signal });
    const isAhead =
      (await has(ref, signal)) &&
      (await git(["merge-base", theirs, ref], { signal }).catch(() => "")) ===
        (await git(["rev-parse", theirs], { signal }));
    // What others read is what counts: from where it ends, the rest is written again.
    if (!isAhead) await git(["update-ref", ref, theirs], { signal });
  }

  async function reached(signal: AbortSignal): Promise<number> {
    if (!(await has(ref, signal))) return 0;
    const trailer = await git(["log", "-1", "--format=%(trailers:key=Sequence,valueonly)", ref], { signal });
    return /^\d+$/u.test(trailer.trim()) ? Number(trailer.trim()) : 0;
  }

  function* commits(
    groups: readonly (readonly Filed[])[],
    files: Map<string, Buffer>,
    { hasParent, reached: before }: { readonly hasParent: boolean; readonly reached: number },
  ): Generator<Buffer | string> {
    let last = before;
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
    async reached(signal) {
      await open(signal);
      return reached(signal);
    },

    async deliver(records, signal) {
      const last = await reached(signal);
      const fresh = records.filter(({ kind, sequence }) => kind === "checkpoint" || sequence > last);
      if (fresh.length > 0) {
        const hasParent = await has(ref, signal);
        const groups = commitGroups(filed(fresh), ({ record }) => record);
        const files = new Map<string, Buffer>();
        const present = hasParent ? (await git(["ls-tree", "--name-only", ref], { signal })).split("\n") : [];
        for (const file of new Set(groups.flat().map((each) => each.file))) {
          if (present.includes(file))
            files.set(file, Buffer.from(await git(["cat-file", "blob", `${ref}:${file}`], { signal })));
        }
        await git(["fast-import", "--quiet", "--done"], {
          signal,
          input: () => commits(groups, files, { hasParent, reached: last }),
        });
        // Tidying is worth no second try of what is committed already.
        await git(["gc", "--auto", "--quiet"], { signal }).catch(() => "");
      }
      if (remote !== undefined)
        await git(["push", "--quiet", "--no-verify", "sink", `${ref}:${ref}`], { signal });
    },

    close: () => Promise.resolve(),
  };
}

type Filed = { readonly record: SinkRecord; readonly at: string; readonly file: string };

/** By the month an event happened in; what is no event stays with the one before it. */
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

/** What git, ssh and their credential helpers find their way by. */
const handedOn = [
  "PATH",
  "HOME",
  "USER",
  "TMPDIR",
  "XDG_CONFIG_HOME",
  "SSH_AUTH_SOCK",
  "SSL_CERT_FILE",
  "GIT_SSL_CAINFO",
  "HTTPS_PROXY",
  "https_proxy",
  "NO_PROXY",
  "no_proxy",
];

/** Nobody is there to type a password; what else Hallpass's environment holds, its secrets above all, is not git's business. */
function gitEnvironment(): Readonly<Record<string, string | undefined>> {
  // oxlint-disable-next-line eslint/no-restricted-properties -- handed on, not read
  const { env } = process;
  return {
    ...Object.fromEntries(handedOn.map((name) => [name, env[name]])),
    GIT_TERMINAL_PROMPT: "0",
    GIT_SSH_COMMAND: "ssh -o BatchMode=yes -o ConnectTimeout=10",
    LC_ALL: "C",
  };
}
