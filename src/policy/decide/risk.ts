import type { Policy, Resource, Role } from "../policy.ts";
import type { Risk } from "../language/words.ts";

/** The risk of a role: the highest of its resource and, for a bundle, of the resources it gives access to. */
export function riskOf(policy: Policy, resource: Resource, role: Role): Risk {
  const risks = [resource.risk, ...role.grants.map((grant) => policy.resources.get(grant.resource)?.risk)];
  return (["high", "medium", "low"] as const).find((risk) => risks.includes(risk)) ?? "medium";
}
