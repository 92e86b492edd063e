import type { UntoldFinding } from "../../persistence/drift/findings.ts";
import { post, type PostingDeps, postTo } from "../delivery/posting.ts";
import { driftMessage } from "../views/drift-message.ts";

/** Posts drift findings in the alerts channel; throws if Slack does not take the message. */
export async function tellDrift(
  deps: PostingDeps,
  channel: string,
  findings: readonly UntoldFinding[],
): Promise<void> {
  await postTo(deps.directory, channel, (id) => post(deps.client, id, driftMessage(findings)));
}
