import type { UntoldFinding } from "../persistence/drift-findings.ts";
import { post, type PostingDeps, postTo } from "./posting.ts";
import { driftMessage } from "./views/drift-message.ts";

/** Says in the alerts channel what was found in a provider; throws when Slack did not take it. */
export async function tellDrift(
  deps: PostingDeps,
  channel: string,
  findings: readonly UntoldFinding[],
): Promise<void> {
  await postTo(deps.directory, channel, (id) => post(deps.client, id, driftMessage(findings)));
}
