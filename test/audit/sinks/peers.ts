import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rename, rm } from "node:fs/promises";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import { promisify } from "node:util";
import { z } from "zod";
import { createStdoutSink } from "../../../src/audit/sinks/stdout.ts";
import { makeCertificate } from "./certificate.ts";
import { httpPeer, type Peer, Received, secret, sinkOf } from "./peer.ts";

const run = promisify(execFile);

function linesOf(text: string): readonly Received[] {
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
          deliver: (...args) => {
            if (own.destroyed) own = stream();
            return createStdoutSink(own).deliver(...args);
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

const Indexed = z.object({
  time: z.number(),
  source: z.literal("hallpass"),
  index: z.string(),
  event: Received,
});

const splunkPeer = () =>
  httpPeer(
    (url) => ({ type: "splunk", url: `${url}/`, token: "${SINK_SECRET}", index: "audit" }),
    ({ url, headers }, body) => {
      if (url !== "/services/collector/event" || headers.authorization !== `Splunk ${secret}`)
        return { records: [], answer: { status: 403, body: { text: "Invalid token", code: 4 } } };
      const records = body.split("\n").map((line) => Indexed.parse(JSON.parse(line)).event);
      return { records, answer: { status: 200, body: { text: "Success", code: 0 } } };
    },
  );

const Action = z.object({ create: z.object({ _id: z.string() }) });
const Ids = z.object({ ids: z.array(z.string()) });

/** Refuses items, and not the request, while it is broken: 429 for all but two. */
async function elasticsearchPeer(): Promise<Peer> {
  const documents = new Map<string, Received>();
  let broken = false;
  let failures = 0;
  const create = (id: string, record: Received, at: number) => {
    if (broken && at >= 2) return { _id: id, ...refusal };
    if (documents.has(id))
      return { _id: id, status: 409, error: { type: "version_conflict_engine_exception" } };
    documents.set(id, record);
    return { _id: id, status: 201 };
  };
  const peer = await httpPeer(
    (url) => ({ type: "elasticsearch", url, api_key: "${SINK_SECRET}" }),
    ({ url, headers }, body) => {
      if (headers.authorization !== `ApiKey ${secret}`)
        return { records: [], answer: { status: 401, body: {} } };
      if (url === "/hallpass-audit/_mget?_source_includes=kind,hash") {
        const docs = Ids.parse(JSON.parse(body)).ids.map((id) => ({ _id: id, _source: documents.get(id) }));
        return { records: [], answer: { status: 200, body: { docs } } };
      }
      if (url !== "/hallpass-audit/_bulk") return { records: [], answer: { status: 404, body: {} } };
      if (broken) failures += 1;
      const lines = body.split("\n").filter((line) => line !== "");
      const items = lines.flatMap((line, at) => {
        if (at % 2 === 1) return [];
        const { _id: id } = Action.parse(JSON.parse(line)).create;
        return [{ create: create(id, Received.parse(JSON.parse(lines[at + 1] ?? "")), at / 2) }];
      });
      return { records: [], answer: { status: 200, body: { errors: broken, items } } };
    },
  );
  return {
    ...peer,
    received: () => Promise.resolve([...documents.values()]),
    breakDown: (isBroken) => {
      broken = isBroken;
      return Promise.resolve();
    },
    failures: () => failures,
  };
}

const refusal = { status: 429, error: { type: "es_rejected_execution_exception", reason: "queue is full" } };

const s3Peer = () =>
  httpPeer(
    (url) => ({
      type: "s3",
      endpoint: url,
      bucket: "audit-of-ours",
      region: "eu-central-1",
      prefix: "hallpass/",
      access_key: "${SINK_SECRET}",
      secret_key: "${SINK_SECRET}",
    }),
    ({ url, method, headers }, body) => {
      const isSigned = String(headers.authorization).startsWith(`AWS4-HMAC-SHA256 Credential=${secret}/`);
      const isNamed = /^\/audit-of-ours\/hallpass\/(?:events|checkpoints)-\d{12}-\d{12}\.jsonl$/u.test(
        String(url),
      );
      if (method !== "PUT" || !isSigned || !isNamed)
        return { records: [], answer: { status: 403, body: "no" } };
      const etag = `"${createHash("md5").update(body).digest("hex")}"`;
      return { records: linesOf(body), answer: { status: 200, headers: { etag }, body: "" } };
    },
    () => [],
  );

/** TLS with a certificate made for it. While it is broken, takes half of what comes and resets the connection. */
async function syslogPeer(): Promise<Peer> {
  const home = await mkdtemp(join(tmpdir(), "hallpass-syslog-"));
  const { key, cert } = await makeCertificate(home);
  const received: Received[] = [];
  let broken = false;
  let failures = 0;
  const raw = new Map<number | undefined, Socket>();
  const server = createTlsServer({ key: await readFile(key), cert: await readFile(cert) }, (socket) => {
    let bytes = Buffer.alloc(0);
    let taken = 0;
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      for (;;) {
        const space = bytes.indexOf(" ");
        const length = Number(bytes.subarray(0, space));
        if (space < 1 || bytes.length < space + 1 + length) return;
        if (broken && taken >= 3) {
          failures += 1;
          // As the kernel does for a process that dies with more to read.
          raw.get(socket.remotePort)?.resetAndDestroy();
          return;
        }
        received.push(parseSyslog(bytes.subarray(space + 1, space + 1 + length).toString("utf8")));
        taken += 1;
        bytes = bytes.subarray(space + 1 + length);
      }
    });
  });
  server.on("connection", (socket: Socket) => raw.set(socket.remotePort, socket));
  await new Promise<void>((resolve) => {
    server.listen(0, resolve);
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a server that listens on a port
  const { port } = server.address() as AddressInfo;
  return {
    sink: () => sinkOf({ type: "syslog", url: `tls://localhost:${port}`, ca: cert }),
    received: () => Promise.resolve(received),
    breakDown: (isBroken) => {
      broken = isBroken;
      return Promise.resolve();
    },
    failures: () => failures,
    async close() {
      await new Promise((resolve) => {
        server.close(resolve);
      });
      await rm(home, { recursive: true, force: true });
    },
  };
}

const syslogMessage =
  /^<1(?:10|08)>1 (?:-|\d{4}-\d\d-\d\dT[\d:.]+Z) [\x21-\x7E]+ hallpass - [\x21-\x7E]{1,32} \[hallpass@32473 kind="\w+" sequence="(\d+)" hash="([0-9a-f]{64})"\] \uFEFF(.*)$/su;

function parseSyslog(message: string): Received {
  const [, sequence, hash, json = ""] = syslogMessage.exec(message) ?? [];
  const record = Received.parse(JSON.parse(json));
  if (String(record.sequence) !== sequence || record.hash !== hash) throw new Error(`at odds: ${message}`);
  return record;
}

export type PeerKind = {
  readonly open: () => Promise<Peer>;
  /** The program it takes. */
  readonly needs?: string;
};

export const peers: Readonly<Record<string, PeerKind>> = {
  stdout: { open: stdoutPeer },
  webhook: { open: webhookPeer },
  git: { open: gitPeer, needs: "git" },
  syslog: { open: syslogPeer, needs: "openssl" },
  splunk: { open: splunkPeer },
  elasticsearch: { open: elasticsearchPeer },
  s3: { open: s3Peer },
};
