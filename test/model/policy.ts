/** Who is who in the workspace of the model; the names are those of the simulated Slack. */
export const people = ["alice", "alice2", "bob", "carol", "dana", "erin", "greta", "sam", "dave"] as const;
export type Someone = (typeof people)[number];

export const accesses = ["tool read", "tool copy", "tool write", "vault open"] as const;
export type Access = (typeof accesses)[number];

/** Extensions last this long. */
export const extensionSeconds = 1_800;

/**
 * Reading and copying give the same target, so that grants of them overlap. Among those who may approve are some who ask
 * themselves, a guest (greta), a stranger (sam) and one who has left (dave).
 */
export const policyText = `
version: 1
settings: { channel: "#access-requests", alerts: "#access-alerts", auditors: [group:security], admins: [] }
groups:
  staff: { members: [alice@example.com, bob@example.com, carol@example.com, erin@example.com, greta@example.com, sam@elsewhere.example, dave@example.com] }
  leads: { members: [alice@example.com, bob@example.com, carol@example.com, greta@example.com, sam@elsewhere.example, dave@example.com] }
  security: { members: [carol@example.com, dana@example.com, greta@example.com] }
  on-call: { members: [erin@example.com] }
providers:
  endpoint: { type: http, url: "\${TOOL_URL}", token: "\${TOOL_TOKEN}" }
resources:
  tool:
    provider: endpoint
    roles:
      read: { grant: { team: tools } }
      copy: { grant: { team: tools } }
      write: { grant: { team: tools, level: write } }
  vault:
    provider: endpoint
    risk: high
    roles:
      open: { grant: { vault: main } }
rules:
  - name: on-call reads at once
    requesters: [group:on-call]
    access: ["tool:read"]
    decision: allow
    max_duration: 1h
    extend: { times: 1, by: 30m }
  - name: a lead for reading
    requesters: [group:staff]
    access: ["tool:read", "tool:copy"]
    decision: review
    approvals: [{ from: [group:leads] }]
    timeout: 2h
    max_duration: 1h
    extend: { times: 1, by: 30m }
  - name: a lead and then security for writing
    requesters: [group:staff]
    access: ["tool:write"]
    decision: review
    approvals: [{ from: [group:leads] }, { from: [group:security] }]
    timeout: 2h
    max_duration: 1h
  - name: two leads for the vault
    requesters: [group:staff]
    access: ["vault:open"]
    decision: review
    approvals: [{ from: [group:leads], count: 2 }]
    timeout: 2h
    max_duration: 1h
    break_glass: { by: [group:on-call], review_by: [group:security], within: 24h }
`;

const leads = ["alice@example.com", "bob@example.com", "carol@example.com"];
const security = ["carol@example.com", "dana@example.com"];

/** Whose word counts, step by step: said here anew, and without whoever must not count. */
const steps: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "tool:read": [leads],
  "tool:copy": [leads],
  "tool:write": [leads, security],
  "vault:open": [leads, leads],
};

/** Why these approvals, in this order, do not make access that `requester` may have; `undefined` when they do. */
export function approvalFault(
  access: string,
  requester: string,
  approvers: readonly string[],
): string | undefined {
  const needed = steps[access] ?? [];
  if (new Set(approvers).size !== approvers.length) return "somebody counted twice";
  if (approvers.includes(requester)) return "the requester is among the approvers";
  const stranger = approvers.find((email, step) => needed[step]?.includes(email) !== true);
  if (stranger !== undefined) return `${stranger} may not approve that`;
  return approvers.length === needed.length
    ? undefined
    : `${approvers.length} of ${needed.length} approvals were given`;
}

export const onCall = "erin@example.com";
