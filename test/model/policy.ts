/** Who is who in the workspace of the model; the names are those of the simulated Slack. */
export const people = ["alice", "alice2", "bob", "carol", "dana", "erin", "greta", "sam", "dave"] as const;
export type Someone = (typeof people)[number];

export const accesses = ["tool read", "tool copy", "tool write", "vault open"] as const;
export type Access = (typeof accesses)[number];

/** The policies that come into force: the ordinary one, and that with one thing changed. */
export const policyNames = ["ordinary", "moved", "other leads", "no reading", "renamed"] as const;
export type PolicyName = (typeof policyNames)[number];

/** Extensions last this long. */
export const extensionSeconds = 1_800;

/** Addresses that the policy names and nobody shows at first: of a lead, and of somebody who reviews. */
export const vacantAddresses = ["anna@example.com", "alba@example.com"] as const;

/**
 * Reading and copying give the same target, so that grants of them overlap. Among those who may approve are some who ask
 * themselves, a guest (greta), a stranger (sam), one who has left (dave), and addresses that nobody shows.
 */
const ordinary = `
version: 1
settings: { channel: "#access-requests", alerts: "#access-alerts", auditors: [group:security], admins: [dana@example.com, carol@example.com] }
people: {}
groups:
  staff: { members: [alice@example.com, anna@example.com, bob@example.com, carol@example.com, erin@example.com, greta@example.com, sam@elsewhere.example, dave@example.com] }
  leads: { members: [alice@example.com, anna@example.com, bob@example.com, carol@example.com, greta@example.com, sam@elsewhere.example, dave@example.com] }
  security: { members: [carol@example.com, dana@example.com, greta@example.com, alba@example.com] }
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

/** What each policy writes otherwise than the ordinary one. */
const rewrites: Readonly<Record<PolicyName, readonly (readonly [string, string])[]>> = {
  ordinary: [],
  moved: [
    ["read: { grant: { team: tools } }", "read: { grant: { team: libraries } }"],
    ["open: { grant: { vault: main } }", "open: { grant: { vault: spare } }"],
  ],
  "other leads": [
    [
      "  leads: { members: [alice@example.com, anna@example.com, bob@example.com, carol@example.com,",
      "  leads: { members: [bob@example.com, dana@example.com,",
    ],
  ],
  "no reading": [['access: ["tool:read", "tool:copy"]', 'access: ["tool:copy"]']],
  renamed: [["people: {}", "people: { alice@example.com: { endpoint: archer } }"]],
};

export function policyText(name: PolicyName): string {
  return rewrites[name].reduce((text, [written, instead]) => {
    if (!text.includes(written)) throw new Error(`the ordinary policy does not say ${written}`);
    return text.replaceAll(written, instead);
  }, ordinary);
}

const leads = [
  "alice@example.com",
  "anna@example.com",
  "bob@example.com",
  "carol@example.com",
  "greta@example.com",
  "sam@elsewhere.example",
  "dave@example.com",
];
const otherLeads = [
  "bob@example.com",
  "dana@example.com",
  "greta@example.com",
  "sam@elsewhere.example",
  "dave@example.com",
];
const security = ["carol@example.com", "dana@example.com", "greta@example.com", "alba@example.com"];
export const onCall = "erin@example.com";

/** Whose word counts, one after the other: said here anew. */
function seatsOf(policy: PolicyName, access: string): readonly (readonly string[])[] | undefined {
  const lead = policy === "other leads" ? otherLeads : leads;
  if (access === "tool:read" && policy === "no reading") return undefined;
  return {
    "tool:read": [lead],
    "tool:copy": [lead],
    "tool:write": [lead, security],
    "vault:open": [lead, lead],
  }[access];
}

/** An approver by all the addresses they may go by, or the one they showed. */
export type Approver = { readonly shown: string; readonly all: ReadonlySet<string> };

/** Why these approvals do not make access by this policy, of which the last was given by it; `undefined` when they do. */
export function approvalFault(
  policy: PolicyName,
  access: string,
  approvers: readonly Approver[],
): string | undefined {
  const seats = seatsOf(policy, access);
  if (!seats) return `the policy “${policy}” lets nobody approve that`;
  const last = approvers.at(-1);
  if (last && !seats.some((seat) => seat.includes(last.shown)))
    return `${last.shown} may not approve that by the policy “${policy}”`;
  return canFill(seats, approvers) ? undefined : `not all seats are filled by the policy “${policy}”`;
}

function canFill(seats: readonly (readonly string[])[], approvers: readonly Approver[]): boolean {
  const [seat, ...rest] = seats;
  if (!seat) return true;
  return approvers.some(
    (approver) =>
      seat.some((email) => approver.all.has(email)) &&
      canFill(
        rest,
        approvers.filter((other) => other !== approver),
      ),
  );
}

/** What a policy grants: said here anew. */
export function targetOf(policy: PolicyName, access: string): Readonly<Record<string, string>> {
  const isMoved = policy === "moved";
  switch (access) {
    case "tool:read":
      return { team: isMoved ? "libraries" : "tools" };
    case "tool:copy":
      return { team: "tools" };
    case "tool:write":
      return { team: "tools", level: "write" };
    default:
      return { vault: isMoved ? "spare" : "main" };
  }
}

/** By which name it is granted to who shows this address. */
export function subjectOf(policy: PolicyName, email: string): string {
  return policy === "renamed" && email === "alice@example.com" ? "archer" : (email.split("@")[0] ?? "");
}
