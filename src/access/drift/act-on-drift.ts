import type { Drift } from "../../domain/drift/drift.ts";
import type { FindingAbout } from "../../persistence/drift/findings.ts";
import type { Guarded } from "../../policy/guarded.ts";
import type { Policy } from "../../policy/policy.ts";
import { peopleKnownAs } from "../../policy/subject.ts";
import { apply } from "../apply.ts";
import { confirm, type DriftActDeps, type LookedAt } from "./confirm-drift.ts";
import { recorderOf } from "./record-finding.ts";
import { removeUnknown } from "./remove-unknown.ts";

/**
 * Acts on one drift, if it is still there: the provider and then the database are asked again about this subject, and nothing
 * happens unless both say the same as before.
 */
export async function actOnDrift(deps: DriftActDeps, looked: LookedAt, seen: Drift): Promise<void> {
  const drift = await confirm(deps, looked, seen);
  if (!drift) return;
  const about = aboutWhom(deps.policy(), looked.guarded, drift.subject);
  const record = recorderOf(deps, about);
  switch (drift.kind) {
    case "reappeared":
      await apply(deps, drift.grant.requestId, { type: "take_back", grantId: drift.grant.id });
      return;
    case "vanished":
      await apply(deps, drift.grant.requestId, { type: "vanish", grantId: drift.grant.id });
      return;
    case "came_back":
      await apply(deps, drift.grant.requestId, { type: "come_back", grantId: drift.grant.id });
      return;
    case "standing":
      // The ended grant has reported this already.
      await record.note(undefined, { kind: "standing", outcome: "adopted" });
      return;
    case "gone":
      // The worker that began the removal died before it could record that the access is gone.
      if (drift.finding.removalBegun) {
        await record.removed(drift.finding);
        return;
      }
      await record.note(
        drift.finding,
        { kind: drift.finding.kind, outcome: drift.finding.outcome, isResolved: true },
        drift.finding.outcome === "ignored" ? undefined : { type: "drift.gone" },
      );
      return;
    case "spared":
      await record.found(drift.finding, "spared", drift.why);
      return;
    case "unknown":
      switch (drift.handling) {
        case "report":
          await record.found(drift.finding, "reported");
          return;
        case "ignore":
          await record.note(drift.finding, { kind: "unknown", outcome: "ignored" });
          return;
        case "adopt":
          await record.note(
            drift.finding,
            { kind: "standing", outcome: "adopted" },
            { type: "drift.adopted" },
          );
          return;
        case "remove":
          await removeUnknown(deps, { looked, about, finding: drift.finding, record });
      }
  }
}

function aboutWhom(policy: Policy, { provider, target, access }: Guarded, subject: string): FindingAbout {
  return { provider, subject, target, access, people: peopleKnownAs(policy, provider, subject) };
}
