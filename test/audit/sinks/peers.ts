import { execFile } from "node:child_process";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { promisify } from "node:util";
import { z } from "zod";
import { createStdoutSink } from "../../../src/audit/sinks/stdout.ts";
import { httpPeer, type Peer, Received, sinkOf } from "./peer.ts";

const run = promisify(execFile);

export function linesOf(text: string): readonly Received[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => Received.parse(JSON.parse(line)));
}

function stdoutPeer(): Promise<Peer> {
  let text = "";
  let broken = false;
  let failures = 0;
  const stream = (): Writable =>
    new Writable({
      write(chunk: Buffer, _, done) {
        const lines = chunk.toString("utf8");
        if (!broken) text += lines;
        else {
          failures += 1;
          text += `${lines.split("\n").slice(0, 2).join("\n")}\n`;
        }
        done(broken ? new Error("the pipe is full") : null);
      },
    });
  return Promise.resolve({
    sink: () => {
      let own = stream();
      const sink = createStdoutSink(own);
      return {
        redact: (words) => words,
        sink: {
          ...sink,
          // A stream that has failed once takes nothing any more.
          deliver: (records, signal) => {
            if (own.destroyed) own = stream();
            return createStdoutSink(own).deliver(records, signal);
          },
        },
      };
    },
    received: () => Promise.resolve(linesOf(text)),
    breakDown: (isBroken) => {
      broken = isBroken;
      return Promise.resolve();
    },
    failures: () => failures,
    close: () => Promise.resolve(),
  });
}

export const Batch = z.object({ version: z.literal(1), records: z.array(Received) });

export const webhookPeer = () =>
  httpPeer(
    (url) => ({ type: "webhook", url: `${url}/hook?key=in-the-address`, secret: "${SINK_SECRET}" }),
    (_, body) => ({ records: Batch.parse(JSON.parse(body)).records, answer: { status: 204, body: "" } }),
  );

/** A remote that is away while it is broken; what a failed push left behind in the working copy is still there then. */
async function gitPeer(): Promise<Peer> {
  const home = await mkdtemp(join(tmpdir(), "hallpass-git-"));
  const remote = join(home, "remote.git");
  await run("git", ["init", "--quiet", "--bare", "--initial-branch=main", remote]);
  let failures = 0;
  const git = async (...args: readonly string[]): Promise<string> =>
    (await run("git", [`--git-dir=${remote}`, ...args], { maxBuffer: 1e9 })).stdout;
  return {
    sink: () => {
      const made = sinkOf({ type: "git", remote }, home);
      const counted = async <Result>(call: Promise<Result> | undefined): Promise<Result> => {
        try {
          return await call!;
        } catch (error) {
          failures += 1;
          throw error;
        }
      };
      const { sink } = made;
      return {
        ...made,
        sink: {
          ...sink,
          deliver: (...args) => counted(sink.deliver(...args)),
          reached: (...args) => counted(sink.reached?.(...args)),
        },
      };
    },
    async received() {
      const heads = await git("for-each-ref");
      if (heads === "") return [];
      const files = (await git("ls-tree", "--name-only", "main")).trim().split("\n");
      const texts = await Promise.all(files.map((file) => git("cat-file", "blob", `main:${file}`)));
      return linesOf(texts.join(""));
    },
    breakDown: (broken) => rename(broken ? remote : `${remote}.away`, broken ? `${remote}.away` : remote),
    failures: () => failures,
    close: () => rm(home, { recursive: true, force: true }),
  };
}

export const peers: Readonly<Record<string, () => Promise<Peer>>> = {
  stdout: stdoutPeer,
  webhook: webhookPeer,
  git: gitPeer,
};
