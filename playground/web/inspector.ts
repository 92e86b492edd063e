import type { InspectorEntry } from "../protocol.ts";
import type { Delivery } from "../../slack-simulator/delivery.ts";
import { isObject, objectOf, textOf, textsOf } from "../../slack-simulator/json.ts";
import type { Call } from "../../slack-simulator/routes.ts";
import type { SlackServer } from "../../slack-simulator/server.ts";
import { coalesced } from "./streams.ts";

/** Everything the app and Slack said to each other, as the page shows it. */
export interface Inspector {
  /** Gives the last 200, oldest first, then each new or amended one; returns the function that ends it. */
  readonly follow: (listener: (entry: InspectorEntry) => void) => () => void;
  readonly close: () => void;
}

const KEPT = 200;

/** Builds the inspector on what the simulated Slack keeps; ids count up from 1 over calls and deliveries. */
export function createInspector(slack: SlackServer): Inspector {
  const deliveries: { readonly id: number; delivery: Delivery; noted: number }[] = [];
  let kept: readonly InspectorEntry[] = [];
  let callsSeen = 0;
  let lastId = 0;
  const listeners = new Set<(entry: InspectorEntry) => void>();
  const { soon, stop } = coalesced(look);
  const unsubscribe = slack.workspace.onChange(({ kind }) => {
    if (kind === "call" || kind === "delivery" || kind === "problem") soon();
  });

  function newCalls(): readonly InspectorEntry[] {
    const calls = slack.calls().slice(callsSeen);
    callsSeen += calls.length;
    return calls.map((call) => callEntry((lastId += 1), call));
  }

  // Slack's log replaces a delivery in its place when its acknowledgement comes late.
  function changedDeliveries(): readonly InspectorEntry[] {
    const problems = slack.problems.list();
    return slack.deliveries().flatMap((delivery, index) => {
      const noted = problems.filter((problem) => problem.delivery === delivery);
      const known = deliveries[index];
      if (known?.delivery === delivery && known.noted === noted.length) return [];
      const id = known?.id ?? (lastId += 1);
      deliveries[index] = { id, delivery, noted: noted.length };
      return [
        deliveryEntry(
          id,
          delivery,
          noted.map((problem) => problem.message),
        ),
      ];
    });
  }

  function look(): void {
    const changed = [...newCalls(), ...changedDeliveries()].toSorted((a, b) => a.at - b.at);
    const byId = new Map([...kept, ...changed].map((entry) => [entry.id, entry]));
    kept = [...byId.values()].slice(-KEPT);
    for (const entry of changed) for (const listener of listeners) listener(entry);
  }

  return {
    follow: (listener) => {
      look();
      for (const entry of kept) listener(entry);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => {
      unsubscribe();
      stop();
    },
  };
}

function callEntry(id: number, call: Call): InspectorEntry {
  const refusal = isObject(call.response) && call.response.ok === false ? call.response : undefined;
  const error = textOf(refusal?.error);
  const warnings = call.problems.filter(({ severity }) => severity === "warning");
  const problem = [
    ...(refusal === undefined ? [] : [refusalText(refusal)]),
    ...warnings.map((one) => one.message),
  ];
  return {
    id,
    kind: "call",
    at: call.at,
    name: call.method,
    status: error || (call.httpStatus === 200 ? "ok" : String(call.httpStatus)),
    ms: call.ms,
    problem: problem.join("; ") || null,
    request: call.args,
    response: call.response,
  };
}

/** Slack's code with all it gave as reasons: `invalid_blocks: must be no more than …`. */
function refusalText(response: ReturnType<typeof objectOf>): string {
  const { ok: _, error, errors, response_metadata: metadata, ...details } = response;
  const messages = textsOf(objectOf(metadata).messages);
  const reasons = [
    ...(messages.length > 0 ? messages : textsOf(errors)),
    ...Object.entries(details).map(([name, value]) => `${name} ${JSON.stringify(value)}`),
  ];
  return [textOf(error) || "refused", ...(reasons.length === 0 ? [] : [reasons.join("; ")])].join(": ");
}

function deliveryEntry(id: number, delivery: Delivery, noted: readonly string[]): InspectorEntry {
  const { payload, type, status, ackBody, at, ms } = delivery;
  const problem = [...[tardiness(delivery)].flatMap((one) => one ?? []), ...noted];
  return {
    id,
    kind: "delivery",
    at,
    name: textOf(payload.command) || type,
    status: String(status),
    ms,
    problem: problem.join("; ") || null,
    request: payload,
    response: ackBody,
  };
}

function tardiness({ kind, status, late, ms }: Delivery): string | undefined {
  const isAcked = status === "ack" || (typeof status === "number" && status >= 200 && status < 300);
  if (!late) return isAcked ? undefined : `not acknowledged: ${status}`;
  const consequence = kind === "events_api" ? "delivers the event again" : "shows an error";
  const what = isAcked ? `acknowledged after ${(ms / 1000).toFixed(1)} s` : "not acknowledged";
  return `${what}; Slack ${consequence} after 3 s`;
}
