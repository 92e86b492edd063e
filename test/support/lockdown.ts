import { beginLockdown } from "../../src/persistence/requests/lockdowns.ts";
import type { Lockdown } from "../../src/policy/lockdown.ts";
import type { Office } from "./access.ts";

export const somebodyInside = { kind: "resource", value: "orders-db", reason: "somebody is inside" } as const;

/** Locks down as another process would: nothing that is remembered here is forgotten. False where it is already. */
export function lockDownElsewhere(
  { db, clock }: Pick<Office, "db" | "clock">,
  lockdown: Lockdown = somebodyInside,
): Promise<boolean> {
  const by = "dana@example.com";
  const { kind, value, reason } = lockdown;
  const actor = { kind: "person", email: by } as const;
  const event = { type: "lockdown.begun", at: new Date(), actor, data: { kind, value, reason } } as const;
  return beginLockdown(db, clock, lockdown, { by, event });
}

/** The same office, which has just read that nothing is locked down, and believes it until it is told to forget it. */
export function unaware(office: Office): Office {
  let isUnaware = true;
  return {
    ...office,
    lockdowns: {
      read: () => (isUnaware ? Promise.resolve([]) : office.lockdowns.read()),
      forget: () => {
        isUnaware = false;
        office.lockdowns.forget();
      },
    },
  };
}
