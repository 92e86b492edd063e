import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { z } from "zod";
import type { ChainFacts } from "../../../src/audit/sinks/chain-facts.ts";
import { type Sink, SinkError, type SinkRecord } from "../../../src/audit/sinks/sink.ts";
import { createSink } from "../../../src/audit/sinks/registry.ts";
import { createStdoutSink } from "../../../src/audit/sinks/stdout.ts";
import { SinkOptions } from "../../../src/policy/language/sinks.ts";
import { describeIf } from "../../support/describe-if.ts";
import { isInstalled } from "../../support/is-installed.ts";
import { makeCertificate } from "./certificate.ts";
import { sinkOf } from "./peer.ts";

const run = promisify(execFile);

const hashOf = (sequence: number): string => sequence.toString(16).padStart(64, "a");
const records: readonly SinkRecord[] = [1, 2, 3].map((sequence) => ({
  kind: "event",
  sequence,
  hash: hashOf(sequence),
  seq: sequence,
  at: "2026-11-30T23:59:00.000Z",
  type: "request.created",
  request: null,
  actor: "alice@example.com",
  rule: null,
}));

let home: string;
/** Ends what a drive has begun. */
let closers: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "hallpass-answers-"));
  closers = [() => rm(home, { recursive: true, force: true })];
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

type Asked = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
};
type Answer = {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
};
const page = "<!doctype html><title>Sign in</title>" + "<p>Who are you?</p>".repeat(200);

/** A server that gives these answers, and what it was asked. */
async function serving(answer: (asked: Asked) => Answer): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const one = { method, url, headers, body: Buffer.concat(chunks).toString("utf8") };
      asked.push(one);
      const { status = 200, headers: given = {}, body = "" } = answer(one);
      response.writeHead(status, given).end(typeof body === "string" ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a server that listens on a port
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

type Outcome = { readonly follows: string; readonly why: string };

async function outcomeOf(sink: Sink, of: readonly SinkRecord[] = records): Promise<Outcome> {
  const found: string[] = [];
  closers.push(() => sink.close());
  try {
    await sink.deliver(of, AbortSignal.timeout(10_000), (what) => found.push(what));
  } catch (error) {
    if (error instanceof SinkError) return { follows: "tried again", why: error.message };
    throw error;
  }
  return { follows: found.length > 0 ? "said at once" : "delivered", why: found.join("; ") };
}

async function toWebhook(answer: Answer): Promise<Outcome> {
  const { url } = await serving(({ url: path }) => (path === "/hook" ? answer : {}));
  return outcomeOf(sinkOf({ type: "webhook", url: `${url}/hook`, secret: "${SINK_SECRET}" }).sink);
}

async function toSplunk(answer: Answer): Promise<Outcome> {
  const { url } = await serving(() => answer);
  return outcomeOf(sinkOf({ type: "splunk", url, token: "${SINK_SECRET}" }).sink);
}

const Ids = z.object({ ids: z.array(z.string()) });

type Stored = { readonly kind: string; readonly hash: string };

/** An index that holds these documents already. */
async function toElasticsearch(
  there: Readonly<Record<string, Stored>>,
  { read = 200 }: { readonly read?: number } = {},
): Promise<Outcome & { readonly asked: readonly Asked[] }> {
  const { url, asked } = await serving(({ url: path, body }) => {
    if (path.includes("/_mget")) {
      const { ids } = Ids.parse(JSON.parse(body));
      return { status: read, body: { docs: ids.map((_id) => ({ _id, found: true, _source: there[_id] })) } };
    }
    const ids = [...body.matchAll(/^\{"create":\{"_id":"([^"]+)"\}\}$/gmu)].map(([, id = ""]) => id);
    return created(ids.map((id) => [id, id in there ? 409 : 201]));
  });
  const outcome = await outcomeOf(sinkOf({ type: "elasticsearch", url }).sink);
  return { ...outcome, asked };
}

const created = (outcomes: readonly (readonly [string, number])[]): Answer => ({
  body: { errors: false, items: outcomes.map(([_id, status]) => ({ create: { _id, status } })) },
});

async function toElasticsearchSaying(answer: Answer): Promise<Outcome> {
  const { url } = await serving(() => answer);
  return outcomeOf(sinkOf({ type: "elasticsearch", url }).sink);
}

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

async function toS3(
  answer: (asked: Asked) => Answer,
): Promise<Outcome & { readonly asked: readonly Asked[] }> {
  const { url, asked } = await serving(answer);
  const options = { type: "s3", endpoint: url, bucket: "audit-of-ours", region: "eu-central-1" };
  const keys = { access_key: "${SINK_SECRET}", secret_key: "${SINK_SECRET}" };
  return { ...(await outcomeOf(sinkOf({ ...options, ...keys }).sink)), asked };
}

const kept = ({ body }: Asked): Answer => ({ headers: { etag: `"${md5(body)}"` } });

async function toSyslog(onSecure: (socket: TLSSocket) => void, { isTrusted = true } = {}): Promise<Outcome> {
  const { key, cert } = await makeCertificate(home);
  const server = createTlsServer({ key: await readFile(key), cert: await readFile(cert) }, (socket) => {
    socket.on("error", () => undefined);
    onSecure(socket);
  });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => {
    server.listen(0, resolve);
  });
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(resolve);
      }),
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a server that listens on a port
  const url = `tls://localhost:${(server.address() as AddressInfo).port}`;
  return outcomeOf(sinkOf({ type: "syslog", url, ...(isTrusted && { ca: cert }) }).sink);
}

const facts: ChainFacts = {
  sent: 0,
  head: 3,
  retired: 0,
  at: (places) =>
    Promise.resolve(
      new Map(
        places
          .filter((place) => place <= 3)
          .map((place) => [place, { hash: hashOf(place), hasEvent: true }] as const),
      ),
    ),
};

/** A branch on which somebody has committed this before the sink looks, or after. */
async function toGit(message: string | undefined, isBefore: boolean): Promise<Outcome> {
  const [remote, theirs] = [join(home, "remote.git"), join(home, "theirs")];
  await run("git", ["init", "--quiet", "--bare", "--initial-branch=main", remote]);
  await run("git", ["clone", "--quiet", remote, theirs]);
  const who = ["-C", theirs, "-c", "user.name=Mallory", "-c", "user.email=mallory@example.com"];
  const commit = async (): Promise<void> => {
    if (message === undefined) return;
    await run("git", [...who, "checkout", "--quiet", "-B", "main"]);
    await run("git", [...who, "commit", "--quiet", "--allow-empty", "--message", message]);
    await run("git", [...who, "push", "--quiet", "origin", "main"]);
  };
  const { sink } = sinkOf({ type: "git", remote }, home);
  if (isBefore) await commit();
  return outcomeOf({
    ...sink,
    async deliver(given, signal, atOdds) {
      await sink.reached?.(facts, signal, atOdds);
      if (!isBefore) await commit();
      await sink.deliver(given, signal, atOdds);
    },
  });
}

async function toPipe(isClosed: boolean): Promise<Outcome> {
  const reader = spawn(process.execPath, ["-e", isClosed ? "" : "process.stdin.resume()"], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  if (isClosed) await once(reader, "exit");
  const outcome = await outcomeOf(createStdoutSink(reader.stdin));
  reader.stdin.end();
  return outcome;
}

const ours = (sequence: number): Stored => ({ kind: "event", hash: hashOf(sequence) });
const other: Stored = { kind: "event", hash: "f".repeat(64) };

type Row = { readonly follows: string; readonly drive: () => Promise<Outcome>; readonly needs?: string };

/** What docs/sinks.md has in its table, and how each row comes about. */
const rows: Readonly<Record<string, Row>> = {
  "stdout: the line was written": { follows: "delivered", drive: () => toPipe(false) },
  "stdout: the pipe is closed (EPIPE)": { follows: "tried again", drive: () => toPipe(true) },
  "webhook: 2xx within 20 s, with any body that does not begin with <": {
    follows: "delivered",
    drive: () => toWebhook({ status: 202, body: "taken" }),
  },
  "webhook: 2xx with a page, such as one to log in on": {
    follows: "tried again",
    drive: () => toWebhook({ body: `\uFEFF\n${page}` }),
  },
  "webhook: a redirect, which is not followed": {
    follows: "tried again",
    drive: () => toWebhook({ status: 307, headers: { location: "/elsewhere" } }),
  },
  "webhook: any other status": {
    follows: "tried again",
    drive: () => toWebhook({ status: 500, body: page }),
  },
  "syslog: none; the server closes after it was told that this was all": {
    follows: "delivered",
    drive: () => toSyslog((socket) => socket.resume()),
    needs: "openssl",
  },
  "syslog: the server closes, or resets the connection, before": {
    follows: "tried again",
    drive: () => toSyslog((socket) => socket.destroy()),
    needs: "openssl",
  },
  "syslog: a certificate that is not trusted": {
    follows: "tried again",
    drive: () => toSyslog((socket) => socket.resume(), { isTrusted: false }),
    needs: "openssl",
  },
  'splunk: {"text": "Success", "code": 0}': {
    follows: "delivered",
    drive: () => toSplunk({ body: { text: "Success", code: 0 } }),
  },
  "splunk: 200 with anything else, such as a proxy's page": {
    follows: "tried again",
    drive: () => toSplunk({ body: page }),
  },
  "splunk: 400 for an event in the middle, the events before it being indexed": {
    follows: "tried again",
    drive: () =>
      toSplunk({ status: 400, body: { text: "Invalid data format", code: 6, "invalid-event-number": 1 } }),
  },
  "elasticsearch: 201 for each record": { follows: "delivered", drive: () => toElasticsearch({}) },
  "elasticsearch: 409 for a record, and what is there has its kind and hash": {
    follows: "delivered",
    drive: () => toElasticsearch({ 1: ours(1), 2: ours(2) }),
  },
  "elasticsearch: 409 for a record, and something else is there; ours comes beside it": {
    follows: "said at once",
    drive: () => toElasticsearch({ 1: ours(1), 2: other }),
  },
  "elasticsearch: 409 for a record, and what is there can't be read": {
    follows: "tried again",
    drive: () => toElasticsearch({ 2: ours(2) }, { read: 403 }),
  },
  "elasticsearch: any other outcome for one of the records": {
    follows: "tried again",
    drive: () =>
      toElasticsearchSaying(
        created([
          ["1", 201],
          ["2", 429],
          ["3", 201],
        ]),
      ),
  },
  "elasticsearch: outcomes of fewer records, or of others than were sent": {
    follows: "tried again",
    drive: () =>
      toElasticsearchSaying(
        created([
          ["1", 201],
          ["2", 201],
        ]),
      ),
  },
  "elasticsearch: 200 with anything else, such as a proxy's page": {
    follows: "tried again",
    drive: () => toElasticsearchSaying({ body: page }),
  },
  "s3: 200 and an ETag that is the MD5 of what was sent": { follows: "delivered", drive: () => toS3(kept) },
  "s3: 200 and any ETag, where the bucket encrypts with a key of AWS KMS": {
    follows: "delivered",
    drive: () => toS3(() => ({ headers: { etag: '"x"', "x-amz-server-side-encryption": "aws:kms" } })),
  },
  "s3: 412: an object of that name is there; ours comes beside it": {
    follows: "delivered",
    drive: () => toS3((asked) => (asked.headers["if-none-match"] === "*" ? { status: 412 } : kept(asked))),
  },
  "s3: 501: no If-None-Match there; put without it": {
    follows: "delivered",
    drive: () => toS3((asked) => (asked.headers["if-none-match"] === "*" ? { status: 501 } : kept(asked))),
  },
  "s3: 200 and the ETag of something else": {
    follows: "tried again",
    drive: () => toS3(() => ({ headers: { etag: `"${md5("")}"` } })),
  },
  "s3: 200 without an ETag, such as a proxy's page": {
    follows: "tried again",
    drive: () => toS3(() => ({ body: page })),
  },
  "git: the push was taken": { follows: "delivered", drive: () => toGit(undefined, true), needs: "git" },
  "git: the push was refused: somebody else had pushed": {
    follows: "tried again",
    drive: () => toGit("A commit of theirs", false),
    needs: "git",
  },
  "git: the branch has a place or a hash that the chain does not have": {
    follows: "said at once",
    drive: () => toGit("Nothing\n\nSequence: 999999", true),
    needs: "git",
  },
};

it("has every row of the table in the documentation, and no other", async () => {
  const text = await readFile(new URL("../../../docs/sinks.md", import.meta.url), "utf8");
  const [, section = ""] = text.split("## Which answer counts\n");
  const cells = (section.split("\n## ")[0] ?? "")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").map((cell) => cell.trim().replaceAll("`", "")));
  const documented = cells.map(([, type, answer, follows]) => [`${type}: ${answer}`, follows]);
  expect(documented).toEqual(Object.entries(rows).map(([answer, { follows }]) => [answer, follows]));
});

for (const [answer, { follows, drive, needs }] of Object.entries(rows)) {
  describeIf(needs === undefined || (await isInstalled(needs)), `it needs ${needs}`)(answer, () => {
    it(`is ${follows}, and no answer is in the log as a whole`, async () => {
      const outcome = await drive();
      expect(outcome).toMatchObject({ follows });
      expect(outcome.why.length).toBeLessThan(400);
    });
  });
}

it("puts beside what somebody else wrote into the index, and replaces nothing there", async () => {
  const { asked, why } = await toElasticsearch({ 2: other });
  const bulks = asked.filter(({ url }) => url.endsWith("/_bulk")).map(({ body }) => body.split("\n"));
  expect(bulks.map((lines) => lines.filter((_, at) => at % 2 === 0 && lines.length > at + 1))).toEqual([
    ['{"create":{"_id":"1"}}', '{"create":{"_id":"2"}}', '{"create":{"_id":"3"}}'],
    [`{"create":{"_id":"2-${hashOf(2).slice(0, 16)}"}}`],
  ]);
  expect(why).toBe("document 2 holds something else than what was sent as it");
});

it("is not misled by outcomes of other documents than were sent", async () => {
  const others = created([
    ["1", 201],
    ["2", 201],
    ["2", 201],
  ]);
  expect(await toElasticsearchSaying(others)).toMatchObject({ follows: "tried again" });
});

it("replaces no object, and puts the same batch under the same second name each time", async () => {
  const put = () => toS3((asked) => (asked.headers["if-none-match"] === "*" ? { status: 412 } : kept(asked)));
  const [first, again] = [await put(), await put()];
  const digest = createHash("sha256")
    .update(first.asked[0]?.body ?? "")
    .digest("hex");
  expect(first.asked.map(({ url }) => url)).toEqual([
    "/audit-of-ours/events-000000000001-000000000003.jsonl",
    `/audit-of-ours/events-000000000001-000000000003-${digest.slice(0, 16)}.jsonl`,
  ]);
  expect(again.asked.map(({ url }) => url)).toEqual(first.asked.map(({ url }) => url));
  const { headers, body } = first.asked[1]!;
  expect(headers["content-md5"]).toBe(Buffer.from(md5(body), "hex").toString("base64"));
});

it("what a sink says is told without its secrets, however they are spelt and whatever they begin with", () => {
  const secrets: Readonly<Record<string, string>> = { PLACE: "s3/cret+1", SECRET: "s3/cret+1-and-more" };
  const options = SinkOptions.parse({
    type: "webhook",
    url: "https://siem.example.com/${PLACE}",
    secret: "${SECRET}",
  });
  const resolveSecret = (name: string): string | undefined => secrets[name];
  const { redact } = createSink("tested", options, { resolveSecret, dataDir: home });
  expect(redact("no /s3/cret+1, s3%2Fcret%2B1 or (s3/cret+1-and-more) as s3%2Fcret%2B1-and-more")).toBe(
    "no /***, *** or (***) as ***",
  );
});
