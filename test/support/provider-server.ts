import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { createFaults, type ProviderCall, type ProviderFault } from "./provider-faults.ts";

type Target = Readonly<Record<string, string>>;

/** What was asked of the endpoint and what it did. */
export type ProviderLogEntry = {
  readonly call: ProviderCall;
  readonly subject?: string | undefined;
  readonly target?: Target | undefined;
  readonly until?: string | undefined;
  readonly fault?: string | undefined;
  /** Absent where no answer was sent. */
  readonly status?: number | undefined;
};

/** An endpoint as docs/http-provider.md describes it, which fails as it is told. */
export type ProviderServer = {
  /** For the provider's `url`. */
  readonly url: string;
  readonly token: string;
  /** Fails the next `times` calls of these kinds so; what was told first comes first. */
  fail(fault: ProviderFault, calls?: readonly ProviderCall[], times?: number): void;
  /** Refuses connections, until `heal`. */
  down(): Promise<void>;
  /** Works from now on; what hangs loses its connection, and effects that were delayed happen. */
  heal(): Promise<void>;
  /** Looks from outside: who holds what, now. */
  holders(target: Target): readonly string[];
  /** Everything that is held. */
  held(): readonly { readonly subject: string; readonly target: Target; readonly until?: string }[];
  /** Somebody uses what they hold. */
  use(subject: string, target: Target, at: Date): void;
  /** Gives or takes something behind Hallpass's back. */
  put(subject: string, target: Target): void;
  drop(subject: string, target: Target): void;
  /** Told of each change of what is held, right after it. */
  onChange(listener: (subject: string, target: Target, isHeld: boolean) => void): void;
  /** How many calls wait for an answer that does not come. */
  hanging(): number;
  log(): readonly ProviderLogEntry[];
  close(): Promise<void>;
};

type Held = { readonly subject: string; readonly target: Target; until?: string; lastUsed?: string };

const Change = z.object({
  subject: z.string(),
  target: z.record(z.string(), z.string()),
  until: z.string().optional(),
});

/** `knows`: whom it has an account for; everybody unless told. */
export async function startProviderServer(
  knows: (subject: string) => boolean = () => true,
): Promise<ProviderServer> {
  const token = "endpoint-token-7f3a";
  const held = new Map<string, Held>();
  const log: ProviderLogEntry[] = [];
  const listeners: ((subject: string, target: Target, isHeld: boolean) => void)[] = [];
  const faults = createFaults();
  const hanging = new Set<ServerResponse>();
  /** Effects that were put off, in order. */
  const delayed: { readonly pair: string; readonly effect: () => void; readonly timer: NodeJS.Timeout }[] =
    [];

  const pairOf = (subject: string, target: Target): string =>
    JSON.stringify([subject, Object.entries(target).toSorted(([one], [other]) => (one < other ? -1 : 1))]);

  function change(subject: string, target: Target, next: Held | undefined): void {
    if (next) held.set(pairOf(subject, target), next);
    else held.delete(pairOf(subject, target));
    for (const listener of listeners) listener(subject, target, next !== undefined);
  }

  function settle(which: (pair: string) => boolean): void {
    for (const one of delayed.filter(({ pair }) => which(pair))) {
      delayed.splice(delayed.indexOf(one), 1);
      clearTimeout(one.timer);
      one.effect();
    }
  }

  type Asked = { readonly call: ProviderCall; readonly subject?: string; readonly target?: Target };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const address = new URL(request.url ?? "/", "http://endpoint");
    const route = `${request.method} ${address.pathname}`;
    const call = calls[route];
    const note = (asked: Partial<Asked>, fault: ProviderFault | undefined, status?: number): void =>
      void log.push({ call: call ?? "check", ...asked, fault: fault?.kind, status });
    const answer = (status: number, json?: unknown, type = "application/json"): void => {
      response.writeHead(status, json === undefined ? {} : { "content-type": type });
      response.end(json === undefined ? undefined : typeof json === "string" ? json : JSON.stringify(json));
    };
    if (!call) return answer(404, { error: `there is no ${route}` });
    if (request.headers.authorization !== `Bearer ${token}`) return answer(401, { error: "unknown token" });

    const work = prepare(call, address, body);
    const { asked } = work;
    const fault = faults.take(call);
    if (fault?.kind === "status") {
      note(asked, fault, fault.status);
      return answer(fault.status, fault.body ?? { error: "out of order" }, fault.type);
    }
    if (fault?.kind === "hangs") {
      note(asked, fault);
      hanging.add(response);
      return undefined;
    }
    if (fault?.kind === "drops the connection") {
      note(asked, fault);
      return void response.destroy();
    }
    const pair =
      asked.subject !== undefined && asked.target ? pairOf(asked.subject, asked.target) : undefined;
    if (fault?.kind === "answers 200 but does nothing") {
      note(asked, fault, 200);
      return answer(200, {});
    }
    if (call !== "list" && pair !== undefined) settle((one) => one === pair);
    if (fault?.kind === "delayed effect" && pair !== undefined) {
      const effect = (): void => void work.run();
      const timer = setTimeout(() => settle((one) => one === pair), fault.milliseconds);
      delayed.push({ pair, effect, timer });
      note(asked, fault, 200);
      return answer(200, {});
    }
    if (fault?.kind === "slow") await sleep(fault.milliseconds);
    const { status, json } = work.run();
    switch (fault?.kind) {
      case "does it and answers 500":
        note(asked, fault, 500);
        return answer(500, { error: "something went wrong afterwards" });
      case "does it and drops the connection":
        note(asked, fault);
        return void response.destroy();
      case "does it and hangs":
        note(asked, fault);
        hanging.add(response);
        return undefined;
      case "answers late": {
        note(asked, fault, status);
        const timer = setTimeout(() => answer(status, json), fault.milliseconds);
        response.once("close", () => clearTimeout(timer));
        return undefined;
      }
      case "slow":
      case "delayed effect":
      case undefined:
        note(asked, fault, status);
        return answer(status, json);
    }
  }

  type Work = { readonly asked: Asked; readonly run: () => { readonly status: number; json?: unknown } };

  function prepare(call: ProviderCall, address: URL, body: string): Work {
    if (call === "check") return { asked: { call }, run: () => ({ status: 204 }) };
    if (call === "list") {
      const subject = address.searchParams.get("subject") ?? undefined;
      const written: unknown = JSON.parse(address.searchParams.get("target") ?? "{}");
      const target = z.record(z.string(), z.string()).parse(written);
      const isWanted = (one: Held): boolean =>
        (subject === undefined || one.subject === subject) &&
        Object.entries(target).every(([key, value]) => one.target[key] === value);
      return {
        asked: { call, ...(subject !== undefined && { subject }), target },
        run: () => ({ status: 200, json: { grants: [...held.values()].filter(isWanted) } }),
      };
    }
    const { subject, target, until } = Change.parse(JSON.parse(body));
    const asked = { call, subject, target, ...(until !== undefined && { until }) };
    if (call === "revoke") return { asked, run: () => (change(subject, target, undefined), { status: 204 }) };
    if (!knows(subject))
      return { asked, run: () => ({ status: 422, json: { error: `nobody here is called ${subject}` } }) };
    return {
      asked,
      run() {
        // The later end counts: another grant of the same may still be running.
        const before = held.get(pairOf(subject, target))?.until ?? "";
        const latest = until !== undefined && until > before ? until : before;
        change(subject, target, { subject, target, ...(latest !== "" && { until: latest }) });
        return { status: 204 };
      },
    };
  }

  function accept(request: IncomingMessage, response: ServerResponse): void {
    serve(request, response).catch((error: unknown) => {
      response.writeHead(400, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: error instanceof Error ? error.message : "not understood" }));
    });
  }

  let server = await listen(accept, 0);
  const port = portOf(server);

  async function stop(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  }

  return {
    url: `http://127.0.0.1:${port}`,
    token,
    fail(fault, which = ["list", "grant", "revoke"], times = 1) {
      faults.add(fault, which, times);
    },
    down: stop,
    async heal() {
      faults.clear();
      for (const response of hanging) response.destroy();
      hanging.clear();
      settle(() => true);
      if (!server.listening) server = await listen(accept, port);
    },
    holders: (target) =>
      [...held.values()]
        .filter((one) => pairOf("", one.target) === pairOf("", target))
        .map(({ subject }) => subject),
    held: () => [...held.values()],
    use(subject, target, at) {
      const one = held.get(pairOf(subject, target));
      if (one) one.lastUsed = at.toISOString();
    },
    put: (subject, target) => change(subject, target, { subject, target }),
    drop: (subject, target) => change(subject, target, undefined),
    onChange: (listener) => void listeners.push(listener),
    hanging: () => hanging.size,
    log: () => [...log],
    async close() {
      settle(() => true);
      await stop();
    },
  };
}

const calls: Readonly<Record<string, ProviderCall | undefined>> = {
  "GET /": "check",
  "GET /grants": "list",
  "PUT /grants": "grant",
  "POST /revocations": "revoke",
};

async function listen(
  accept: (request: IncomingMessage, response: ServerResponse) => void,
  port: number,
): Promise<Server> {
  const server = createServer(accept).listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the endpoint has no port");
  return address.port;
}
