import type { Finding } from "../../domain/drift/drift.ts";
import { beginRemoval, dropRemoval, type FindingAbout } from "../../persistence/drift/findings.ts";
import { ProviderError } from "../../providers/provider.ts";
import { confirm, type DriftActDeps, type LookedAt } from "./confirm-drift.ts";
import type { Recorder } from "./record-finding.ts";

type Removing = {
  readonly looked: LookedAt;
  readonly about: FindingAbout;
  /** As it is stored; absent if it is seen for the first time. */
  readonly finding: Finding | undefined;
  readonly record: Recorder;
};

/**
 * Removes access that Hallpass did not grant, and reads back that it is gone; retried at the next look if that fails. Removes
 * nothing if the provider says that it has to stay, or cannot tell.
 */
export async function removeUnknown(
  deps: DriftActDeps,
  { looked, about, finding: known, record }: Removing,
): Promise<void> {
  const { provider } = looked;
  const { subject } = about;
  const { target } = about;
  const kept = provider.mustKeep
    ? await provider.mustKeep(subject, target)
    : "this kind of provider cannot tell from whom it may be taken";
  if (kept !== undefined) {
    await record.found(known, "spared", kept);
    return;
  }
  const finding = await record.found(known, "removing");
  const removal = finding && (await beginRemoval(deps.db, finding.id));
  if (!finding || !removal) return;
  // A grant of the same access that was recorded before this point is seen here; a later one waits for the removal.
  const still = await confirm(deps, looked, { kind: "unknown", subject, finding, handling: "remove" });
  if (still?.kind !== "unknown" || still.handling !== "remove") {
    await dropRemoval(deps.db, finding.id, removal);
    return;
  }
  try {
    // The empty state removes all of it, whoever gave it: none of it came from Hallpass.
    await provider.revoke(subject, target, {});
    if (await provider.holds(subject, target, {}))
      throw new ProviderError("the provider accepted the removal but still shows the access", {
        retryable: true,
      });
  } catch (error) {
    if (!(error instanceof ProviderError)) {
      await dropRemoval(deps.db, finding.id, removal);
      throw error;
    }
    const detail = error.message;
    await record.note(
      finding,
      { kind: "unknown", outcome: "failing", detail, removal },
      { type: "drift.removal_failed", error: detail },
    );
    return;
  }
  await record.removed(finding);
}
