import type { Policy, Resource, Role } from "./policy.ts";
import type { Risk } from "./words.ts";

/** How risky a role is: as its resource, and a bundle as the riskiest it gives. */
export function riskOf(policy: Policy, resource: Resource, role: Role): Risk {
  const risks = [resource.risk, ...role.grants.map((grant) => policy.resources.get(grant.resource)?.risk)];
  return (["high", "medium", "low"] as const).find((risk) => risks.includes(risk)) ?? "medium";
}
