import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
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
  /** What the requester typed. */
  readonly input?: Readonly<Record<string, string>> | undefined;
  readonly fault?: string | undefined;
  /** Absent where no answer was sent. */
  readonly status?: number | undefined;
};

/** An endpoint as docs/http-provider.md describes it, which fails as it is told. */
export type ProviderServer = {
  /** For the provider's `url`. */
  readonly url: string;
  /** Which system it says it is. */
  readonly id: string | undefined;
  readonly token: string;
  /** Another token, whose calls of these kinds it knows nothing of, as a system does that hides what one may not see. */
  tokenWithout(calls: readonly ProviderCall[]): string;
  /** Fails the next `times` calls of these kinds so; what was told first comes first. */
  fail(fault: ProviderFault, calls?: readonly ProviderCall[], times?: number): void;
  /** Refuses connections, until `heal`. */
  down(): Promise<void>;
  /** Works from now on; what hangs loses its connection, and effects that were delayed happen. */
  heal(): Promise<void>;
  /** Another system answers at its address, which says who it is and does nothing else, until `heal`: for while nothing is under way. */
  swap(): void;
  /** What that one was told to change: nothing, for it is not the one that was meant. */
  strays(): readonly string[];
  /** Looks from outside: who holds what, now. */
  holders(target: Target): readonly string[];
  /** Everything that is held. */
  held(): readonly { readonly subject: string; readonly target: Target; readonly until?: string }[];
  /** Somebody uses what they hold. */
  use(subject: string, target: Target, at: Date): void;
  /** Somebody leaves: it knows them no more, and what they held is gone. */
  leave(subject: string): void;
  /** Gives or takes something behind Hallpass's back. */
  put(subject: string, target: Target): void;
  drop(subject: string, target: Target): void;
  /** Hands over something called so with each grant from now on: this, or a new one each time. */
  handOver(title: unknown, text?: unknown): void;
  /** Whether it lets in whoever says this, now. */
  opens(text: string): boolean;
  /** Told of each change of what is held, right after it. */
  onChange(listener: (subject: string, target: Target, isHeld: boolean) => void): void;
  /** How many connections are open. */
  connections(): number;
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
  input: z.record(z.string(), z.string()).optional(),
});

/** `knows`: whom it has an account for; everybody unless told. `id`: absent, it is one of its own; `undefined`, it says none. */
export async function startProviderServer(
  knows: (subject: string) => boolean = () => true,
  own: { readonly id: string | undefined } = { id: `endpoint-${randomUUID()}` },
): Promise<ProviderServer> {
  const token = "endpoint-token-7f3a";
  /** What may not be called, by `Authorization`. */
  const rights = new Map<string, ReadonlySet<ProviderCall>>([[`Bearer ${token}`, new Set()]]);
  const gone = new Set<string>();
  /** How a pair was before its last change, for lists that do not show that yet. */
  /** What lets somebody in, by pair. */
  const keys = new Map<string, string>();
  let handedOver: { readonly title: unknown; readonly text?: unknown } | undefined;
  let isSwapped = false;
  const strays: string[] = [];
  const stale = new Map<string, { readonly was: Held | undefined; lists: number }>();
  const sockets = new Set<Socket>();
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

  function refusalOf(subject: string): string | undefined {
    return knows(subject) && !gone.has(subject) ? undefined : `nobody here is called ${subject}`;
  }

  /** What a list shows, which counts as one. */
  function shown(): readonly Held[] {
    const all = new Map(held);
    for (const [pair, one] of stale) {
      if (one.was) all.set(pair, one.was);
      else all.delete(pair);
      one.lists -= 1;
      if (one.lists === 0) stale.delete(pair);
    }
    return [...all.values()];
  }

  function change(subject: string, target: Target, next: Held | undefined): void {
    if (next) {
      held.set(pairOf(subject, target), next);
    } else {
      held.delete(pairOf(subject, target));
      keys.delete(pairOf(subject, target));
    }
    for (const listener of listeners) listener(subject, target, next !== undefined);
  }

  function settle(which: (pair: string) => boolean): void {
    for (const one of delayed.filter(({ pair }) => which(pair))) {
      delayed.splice(delayed.indexOf(one), 1);
      clearTimeout(one.timer);
      one.effect();
    }
  }

  type Asked = Pick<ProviderLogEntry, "call" | "subject" | "target" | "until" | "input">;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const address = new URL(request.url ?? "/", "http://endpoint");
    const route = `${request.method} ${address.pathname}`;
    const call = calls[route];
    const note = (asked: Partial<Asked>, fault: ProviderFault | undefined, status?: number): void =>
      void log.push({ call: call ?? "check", ...asked, fault: fault?.kind, status });
    const answer = (status: number, json?: unknown, type = "application/json", headers = {}): void => {
      response.writeHead(status, { ...headers, ...(json !== undefined && { "content-type": type }) });
      response.end(json === undefined ? undefined : typeof json === "string" ? json : JSON.stringify(json));
    };
    if (!call) return answer(404, { error: `there is no ${route}` });
    const lacking = rights.get(request.headers.authorization ?? "");
    if (!lacking) return answer(401, { error: `unknown: ${request.headers.authorization}` });
    if (lacking.has(call)) return answer(404, { error: `nothing for ${request.headers.authorization}` });

    if (isSwapped) {
      if (call === "grant" || call === "revoke") strays.push(`${call} ${body}`);
      return call === "check"
        ? answer(200, { id: `another than ${own.id}` })
        : answer(503, { error: "this is another system" });
    }
    const work = prepare(call, address, body);
    const { asked } = work;
    const fault = faults.take(call);
    if (fault?.kind === "status") {
      note(asked, fault, fault.status);
      return answer(fault.status, fault.body ?? { error: "out of order" }, fault.type, fault.headers);
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
    if (fault?.kind === "shows later" && pair !== undefined)
      stale.set(pair, { was: held.get(pair), lists: fault.lists });
    const { status, json } = work.run();
    switch (fault?.kind) {
      case "breaks off": {
        note(asked, fault, status);
        const whole = JSON.stringify(json ?? {});
        response.writeHead(200, { "content-type": "application/json" });
        response.end(whole.slice(0, -1));
        return undefined;
      }
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
      case "shows later":
      case "delayed effect":
      case undefined:
        note(asked, fault, status);
        return answer(status, json);
    }
  }

  type Work = { readonly asked: Asked; readonly run: () => { readonly status: number; json?: unknown } };

  function prepare(call: ProviderCall, address: URL, body: string): Work {
    if (call === "check")
      return {
        asked: { call },
        run: () => (own.id === undefined ? { status: 204 } : { status: 200, json: { id: own.id } }),
      };
    if (call === "list") {
      const subject = address.searchParams.get("subject") ?? undefined;
      const written: unknown = JSON.parse(address.searchParams.get("target") ?? "{}");
      const target = z.record(z.string(), z.string()).parse(written);
      const isWanted = (one: Held): boolean =>
        (subject === undefined || one.subject === subject) &&
        Object.entries(target).every(([key, value]) => one.target[key] === value);
      return {
        asked: { call, ...(subject !== undefined && { subject }), target },
        run: () => ({
          status: 200,
          json: {
            grants: shown().filter(isWanted),
            ...(subject !== undefined && { refuses: refusalOf(subject) }),
          },
        }),
      };
    }
    const { subject, target, until, input } = Change.parse(JSON.parse(body));
    const asked = { call, subject, target, ...(until !== undefined && { until }), ...(input && { input }) };
    if (call === "revoke") return { asked, run: () => (change(subject, target, undefined), { status: 204 }) };
    const refusal = refusalOf(subject);
    if (refusal !== undefined) return { asked, run: () => ({ status: 422, json: { error: refusal } }) };
    return {
      asked,
      run() {
        // The later end counts: another grant of the same may still be running.
        const before = held.get(pairOf(subject, target))?.until ?? "";
        const latest = until !== undefined && until > before ? until : before;
        change(subject, target, { subject, target, ...(latest !== "" && { until: latest }) });
        if (handedOver === undefined) return { status: 204 };
        const key = `let-me-in-${randomUUID()}`;
        keys.set(pairOf(subject, target), key);
        return { status: 200, json: { handover: { text: key, ...handedOver } } };
      },
    };
  }

  function accept(request: IncomingMessage, response: ServerResponse): void {
    serve(request, response).catch((error: unknown) => {
      response.writeHead(400, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: error instanceof Error ? error.message : "not understood" }));
    });
  }

  const listenAgain = async (at: number): Promise<Server> => {
    const listening = await listen(accept, at);
    listening.on("connection", (socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    });
    return listening;
  };
  let server = await listenAgain(0);
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
    id: own.id,
    token,
    tokenWithout(which) {
      const lesser = `endpoint-token-lesser-${rights.size}`;
      rights.set(`Bearer ${lesser}`, new Set(which));
      return lesser;
    },
    fail(fault, which = ["list", "grant", "revoke"], times = 1) {
      faults.add(fault, which, times);
    },
    down: stop,
    swap: () => void (isSwapped = true),
    strays: () => [...strays],
    async heal() {
      isSwapped = false;
      faults.clear();
      for (const response of hanging) response.destroy();
      hanging.clear();
      stale.clear();
      settle(() => true);
      if (!server.listening) server = await listenAgain(port);
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
    leave(subject) {
      gone.add(subject);
      for (const one of held.values()) if (one.subject === subject) change(subject, one.target, undefined);
    },
    put: (subject, target) => change(subject, target, { subject, target }),
    drop: (subject, target) => change(subject, target, undefined),
    handOver: (title, said) => void (handedOver = { title, ...(said !== undefined && { text: said }) }),
    opens: (said) => [...keys.values()].includes(said),
    onChange: (listener) => void listeners.push(listener),
    connections: () => sockets.size,
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
