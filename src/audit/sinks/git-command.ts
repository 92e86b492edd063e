import { execFile } from "node:child_process";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SinkError } from "./sink.ts";

export type Git = {
  /** What git prints, to the byte; throws a `SinkError` with what it says where it fails. */
  bytes(args: readonly string[], options: GitOptions): Promise<Buffer>;
  /** The same as text, without the line break at its end. */
  text(args: readonly string[], options: GitOptions): Promise<string>;
};

type GitOptions = {
  readonly signal: AbortSignal;
  readonly input?: () => Generator<Buffer | string>;
};

const commandMs = 60_000;
/** A month of JSON lines. */
const maxOutputBytes = 512 * 1024 * 1024;

/** Runs git in a bare repository, where `sink` is the remote. */
export function createGit(directory: string, remote: string | undefined): Git {
  // An address may hold a secret: neither the list of processes nor a file of the repository is to show it.
  const env = {
    ...gitEnvironment(),
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "remote.sink.url",
    GIT_CONFIG_VALUE_0: remote ?? "",
  };

  async function bytes(args: readonly string[], { signal, input }: GitOptions): Promise<Buffer> {
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
          env,
          encoding: "buffer",
        },
        (error, stdout, stderr) => {
          if (!error) return resolve(stdout);
          // The error's own message holds the arguments, and an address among them may hold a secret.
          const said = stderr.toString("utf8").replace(/\s+/gu, " ").trim().slice(-200);
          reject(new SinkError(`git ${command} failed${said === "" ? ` (${error.code})` : `: ${said}`}`));
        },
      );
      // What git says of input it did not like counts, and not that it hung up.
      if (child.stdin) pipeline(Readable.from(input?.() ?? []), child.stdin).catch(() => undefined);
    });
  }

  return {
    bytes,
    text: async (args, options) => (await bytes(args, options)).toString("utf8").replace(/\n$/u, ""),
  };
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
