import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { createSink, type MadeSink } from "../../../src/audit/sinks/registry.ts";
import { SinkOptions } from "../../../src/policy/language/sinks.ts";

/** What a sink sends to, made to fail at will. */
export type Peer = {
  /** As a process that starts would make it. */
  readonly sink: () => MadeSink;
  /** All that has arrived, in the order it did, repeats and what came before a failure included. */
  readonly received: () => Promise<readonly Received[]>;
  /** From now on takes some of what it is sent, and then fails; until told otherwise. */
  readonly breakDown: (broken: boolean) => Promise<void>;
  /** How often it has failed. */
  readonly failures: () => number;
  readonly close: () => Promise<void>;
};

export type Received = z.infer<typeof Received>;
export const Received = z.looseObject({
  kind: z.enum(["event", "checkpoint", "missing"]),
  sequence: z.number(),
  hash: z.string().nullable(),
});

/** Repeats until it holds; throws, and says what was waited for, when it never does. */
export async function until(holds: () => unknown, what: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${what}: it has not come to that within a minute`);
    await sleep(15);
  }
}

export const secret = "a-secret-that-nobody-is-shown";

export function sinkOf(options: Record<string, unknown>, dataDir = "/nonexistent"): MadeSink {
  const resolveSecret = (name: string) => (name === "SINK_SECRET" ? secret : undefined);
  return createSink("tested", SinkOptions.parse(options), { resolveSecret, dataDir });
}

/** For a sink that has nothing to find there. */
export const nothingAtOdds = (what: string): void => {
  throw new Error(`nothing was to be at odds, but ${what}`);
};

type Answer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
};

/** A fake server: `take` gives the records in a request, and what to answer for it. */
export async function httpPeer(
  options: (url: string) => Record<string, unknown>,
  take: (
    request: IncomingMessage,
    body: string,
  ) => { readonly records: readonly Received[]; readonly answer: Answer },
  /** What is taken of a request that fails. */
  partly: (records: readonly Received[]) => readonly Received[] = (records) => records.slice(0, 3),
  failed: (records: readonly Received[], taken: number) => Answer = () => ({ status: 503, body: "not now" }),
): Promise<
  Peer & {
    readonly address: string;
    readonly requests: { readonly request: IncomingMessage; readonly body: string }[];
  }
> {
  const received: Received[] = [];
  const requests: { request: IncomingMessage; body: string }[] = [];
  let broken = false;
  let failures = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks).toString("utf8");
    requests.push({ request, body });
    const taken = take(request, body);
    const records = broken ? partly(taken.records) : taken.records;
    received.push(...records);
    if (broken) failures += 1;
    const { status, headers, body: said } = broken ? failed(taken.records, records.length) : taken.answer;
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(said));
  };
  const listener: RequestListener = (request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  };
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a server that listens on a port
  const { port } = server.address() as AddressInfo;
  const address = `http://127.0.0.1:${port}`;
  return {
    requests,
    address,
    sink: () => sinkOf(options(address)),
    received: () => Promise.resolve(received),
    breakDown: (isBroken) => {
      broken = isBroken;
      return Promise.resolve();
    },
    failures: () => failures,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
