import type { Actor } from "../domain/audit-event.ts";
import type { Piece } from "./piece.ts";

/** Further names are counted or left out: people read messages on a phone. */
export const maxNames = 10;

const unknown = "somebody unknown";

/** An actor's name. */
export function nameOf(actor: Actor): string {
  switch (actor.kind) {
    case "person":
      return actor.email ?? actor.account ?? unknown;
    case "policy":
      return "the policy";
    case "hallpass":
      return "Hallpass";
  }
}

/** An actor as a chat names them: a person by their account, where it is one of that chat. */
export function mention(actor: Actor): Piece {
  if (actor.kind !== "person") return nameOf(actor);
  return { email: actor.email ?? unknown, account: actor.account };
}

/** `a, b, c`, or `nobody`. */
export function nameList(names: readonly string[]): string {
  return names.length === 0 ? "nobody" : names.join(", ");
}

/** Whose access it is, by the provider's name for them: `alice in orders-postgres`. */
export function whose({
  subject,
  provider,
}: {
  readonly subject: string;
  readonly provider: string;
}): string {
  return `${subject} in ${provider}`;
}
