import { setTimeout as sleep } from "node:timers/promises";
import { ProviderError } from "../provider.ts";
import type { Server, Session } from "./connection.ts";
import { look } from "./membership.ts";
import { isTaken } from "./memberships.ts";
import { endSessionsStatement, type Told, untilEnded } from "./sessions.ts";
import { type GrantState, insistOnSystem } from "./state.ts";

/** How long a replica may take to see a revocation. */
const catchUpMilliseconds = 3_000;

/** Ends a member's sessions on a replica once it has seen that the membership is gone; otherwise they would come back. */
export async function endOnReplica(replica: Server, state: GrantState): Promise<void> {
  try {
    await replica.call(async (session) => {
      insistOnSystem(session, replica.address, state);
      await untilSeen(session, state);
      const { rows } = await session.client.query<Told>(endSessionsStatement(session, [state.member.oid]));
      await untilEnded(session, rows, state.member.name);
    });
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    const message = `sessions of "${state.member.name}" on ${replica.address} may be open still: ${error.message}`;
    throw new ProviderError(message, { retryable: true, cause: error });
  }
}

async function untilSeen(session: Session, state: GrantState): Promise<void> {
  const deadline = performance.now() + catchUpMilliseconds;
  for (;;) {
    const [found] = await look(session, [{ role: state.role.oid, member: state.member.oid }]);
    if (found && isTaken(session, state, found)) return;
    if (performance.now() > deadline)
      throw new ProviderError(`it has not caught up after ${catchUpMilliseconds / 1_000} s`, {
        retryable: true,
      });
    await sleep(50);
  }
}
