import { execFile } from "node:child_process";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SinkError } from "./sink.ts";

export type Git = {
  /** Git's output, byte for byte; throws a `SinkError` with git's message if it fails. */
  bytes(args: readonly string[], options: GitOptions): Promise<Buffer>;
  /** The same as text, without the final line break. */
  text(args: readonly string[], options: GitOptions): Promise<string>;
};

type GitOptions = {
  readonly signal: AbortSignal;
  readonly input?: () => Generator<Buffer | string>;
};

const commandMs = 60_000;
/** Room for a month of JSON lines. */
const maxOutputBytes = 512 * 1024 * 1024;

/** Runs git in a bare repository whose remote is called `sink`. */
export function createGit(directory: string, remote: string | undefined): Git {
  // An address may hold a secret: keep it out of the list of processes and of the repository's files.
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
      // What git says about bad input matters, not that it hung up.
      if (child.stdin) pipeline(Readable.from(input?.() ?? []), child.stdin).catch(() => undefined);
    });
  }

  return {
    bytes,
    text: async (args, options) => (await bytes(args, options)).toString("utf8").replace(/\n$/u, ""),
  };
}

/** What git, ssh and their credential helpers need. */
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

/** Nobody is there to type a password. The rest of Hallpass's environment, above all its secrets, is kept from git. */
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
