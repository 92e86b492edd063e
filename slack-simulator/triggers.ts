import { randomBytes } from "node:crypto";
import { MethodError } from "./method-error.ts";

/** How long a trigger works, which works once. */
export const TRIGGER_LIFETIME_MS = 3000;

export interface Triggers {
  readonly issue: (userId: string) => string;
  /** The person whose interaction it came from; throws Slack's error for an unknown, old or used trigger. */
  readonly exchange: (triggerId: unknown) => string;
}

/** Hands out trigger ids; `now` gives milliseconds. */
export function createTriggers(now: () => number, lifetimeMs: number): Triggers {
  const issued = new Map<string, { readonly userId: string; readonly at: number }>();
  const exchanged = new Set<string>();
  let count = 0;
  return {
    issue: (userId) => {
      count += 1;
      const id = `${1_000_000 + count}.${Math.trunc(now())}.${randomBytes(8).toString("hex")}`;
      issued.set(id, { userId, at: now() });
      return id;
    },
    exchange: (triggerId) => {
      const trigger = typeof triggerId === "string" ? issued.get(triggerId) : undefined;
      if (trigger === undefined || typeof triggerId !== "string") throw new MethodError("invalid_trigger_id");
      if (exchanged.has(triggerId)) throw new MethodError("exchanged_trigger_id");
      if (now() - trigger.at > lifetimeMs) throw new MethodError("expired_trigger_id");
      exchanged.add(triggerId);
      return trigger.userId;
    },
  };
}
