import { recordEvent } from "../../persistence/audit.ts";
import { readNow } from "../../persistence/requests/requests.ts";
import { type Ineligible, ineligibleText } from "../directory/identify.ts";
import type { SlackDeps } from "../deps.ts";

/** Records an attempt by an account that may not act here. */
export async function refuseIneligible(
  deps: SlackDeps,
  why: Ineligible,
  attempt: { readonly slackId: string; readonly attempted: string; readonly key: string },
): Promise<void> {
  const at = await readNow(deps.db, deps.clock);
  await recordEvent(
    deps.db,
    {
      type: "decision.refused",
      at,
      actor: { kind: "person", account: attempt.slackId },
      data: { attempted: attempt.attempted, why: ineligibleText[why] },
    },
    { dedupeKey: `nobody ${attempt.key}` },
  );
}
