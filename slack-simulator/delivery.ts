import type { ActiveFaults } from "./faults.ts";
import { objectOf, textOf, type Json, type JsonObject } from "./json.ts";

/** Named as the types of Socket Mode's envelopes. */
export type DeliveryKind = "slash_commands" | "interactive" | "events_api";

export interface Retry {
  readonly attempt: number;
  readonly reason: string;
}

/** What a transport brought back: an HTTP status, `ack`, or why there was no answer. */
export interface TransportAnswer {
  readonly acked: boolean;
  readonly status: number | string;
  readonly body: Json;
}

/** A way to the app. */
export interface Transport {
  readonly send: (
    kind: DeliveryKind,
    payload: JsonObject,
    retry: Retry | undefined,
  ) => Promise<TransportAnswer>;
}

/** One delivery to the app, as logged. */
export interface Delivery {
  readonly kind: DeliveryKind;
  /** `command`, or the `type` of the payload or of its event. */
  readonly type: string;
  readonly payload: JsonObject;
  readonly transport: "http" | "socket" | "none";
  /** HTTP status, `ack`, `timeout`, or why there was no answer. */
  readonly status: number | string;
  readonly ackBody: Json;
  /** When it was sent; milliseconds since 1970, the workspace's time. */
  readonly at: number;
  /** Until the answer, even one after the time limit; until the limit where none came at all. */
  readonly ms: number;
  /** Not acknowledged within Slack's three seconds. */
  readonly late: boolean;
  /** 0 for the first delivery of a payload. */
  readonly attempt: number;
}

/** How the delivery went for the person who caused it. */
export interface Outcome {
  readonly status: "acked" | "timeout" | "failed";
  readonly delivery: Delivery;
}

export interface DeliverOptions {
  readonly times?: number;
  readonly how?: "concurrently" | "in sequence";
}

export interface Deliverer {
  /** Delivers a payload once or, by option or fault, several times; the outcome is the first copy's. */
  readonly deliver: (kind: DeliveryKind, payload: JsonObject, options?: DeliverOptions) => Promise<Outcome>;
  readonly log: () => readonly Delivery[];
}

export interface DelivererOptions {
  readonly http: Transport;
  readonly sockets: Transport & { readonly connected: () => number };
  readonly hasRequestUrl: () => boolean;
  readonly faults: ActiveFaults;
  readonly ackTimeoutMs: number;
  /** Waits before each renewed delivery of an event nobody acknowledged. */
  readonly eventRetryDelaysMs: readonly number[];
  readonly now: () => number;
  readonly onDelivery: () => void;
}

/** Delivers over a socket where one is connected, else over HTTP, and gives up waiting after `ackTimeoutMs`. */
export function createDeliverer(options: DelivererOptions): Deliverer {
  const { http, sockets, hasRequestUrl, faults, ackTimeoutMs, eventRetryDelaysMs, now, onDelivery } = options;
  const log: Delivery[] = [];

  async function attempt(
    kind: DeliveryKind,
    payload: JsonObject,
    retry: Retry | undefined,
  ): Promise<Outcome> {
    const transport = sockets.connected() > 0 ? "socket" : hasRequestUrl() ? "http" : "none";
    const at = now();
    const started = performance.now();
    const answer = (transport === "socket" ? sockets : http).send(kind, payload, retry);
    const inTime = await Promise.race([answer, timeout(ackTimeoutMs)]);
    const record = (found: TransportAnswer): Delivery => ({
      kind,
      type: typeOf(kind, payload),
      payload,
      transport,
      status: found.status,
      ackBody: found.body,
      at,
      ms: Math.round(performance.now() - started),
      late: inTime === undefined,
      attempt: retry?.attempt ?? 0,
    });
    const delivery = record(inTime ?? { acked: false, status: "timeout", body: undefined });
    log.push(delivery);
    onDelivery();
    if (inTime === undefined) {
      void amend(delivery, answer.then(record));
      return { status: "timeout", delivery };
    }
    return { status: inTime.acked ? "acked" : "failed", delivery };
  }

  async function amend(delivery: Delivery, late: Promise<Delivery>): Promise<void> {
    log[log.indexOf(delivery)] = await late;
    onDelivery();
  }

  async function retryEvent(payload: JsonObject, first: Outcome): Promise<void> {
    let outcome = first;
    for (const [index, delay] of eventRetryDelaysMs.entries()) {
      if (outcome.status === "acked" || outcome.delivery.transport === "none") return;
      await timeout(delay);
      const reason = outcome.status === "timeout" ? "http_timeout" : "http_error";
      outcome = await attempt("events_api", payload, { attempt: index + 1, reason });
    }
  }

  return {
    log: () => [...log],
    deliver: async (kind, payload, chosen = {}) => {
      const copies = faults.copies();
      const { times = copies.count, how = copies.how } = chosen;
      const retries = Array.from({ length: Math.max(times - 1, 0) }, (_, index): Retry => {
        return { attempt: index + 1, reason: "http_timeout" };
      });
      const first = attempt(kind, payload, undefined);
      if (how === "in sequence") await first;
      const rest: Promise<Outcome>[] = [];
      for (const retry of retries) {
        const again = attempt(kind, payload, retry);
        rest.push(again);
        if (how === "in sequence") await again;
      }
      await Promise.all(rest);
      const outcome = await first;
      if (kind === "events_api") await retryEvent(payload, outcome);
      return outcome;
    },
  };
}

function timeout(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, undefined).unref();
  });
}

function typeOf(kind: DeliveryKind, payload: JsonObject): string {
  switch (kind) {
    case "slash_commands":
      return "command";
    case "interactive":
      return textOf(payload.type);
    case "events_api":
      return textOf(objectOf(payload.event).type);
  }
}
