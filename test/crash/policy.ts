import type { Names } from "../guarded/postgres.ts";

/** A resource for each way a request can go; all of them give the same role. */
export function crashPolicy({ read, write, subject }: Names): string {
  const resources = ["orders-db", "urgent-db", "waiting-db", "glass-db", "idle-db", "longer-db", "pair-db"];
  const given = (name: string): string =>
    `  ${name}: { title: ${name}, provider: orders-postgres, roles: { read: { title: Read only, grant: { role: ${read} } } } }`;
  return `
version: 1
settings: { channel: "#access-requests", alerts: "#access-alerts", admins: [group:security], drift: { unknown: ignore } }
people:
  alice@example.com: { orders-postgres: ${subject("alice")} }
  bob@example.com: { orders-postgres: ${subject("bob")} }
  erin@example.com: { orders-postgres: ${subject("erin")} }
groups:
  engineers: { members: [alice@example.com, bob@example.com, erin@example.com] }
  leads: { members: [carol@example.com] }
  on-call: { members: [erin@example.com] }
  security: { members: [dana@example.com] }
providers:
  orders-postgres: { type: postgres, url: "\${ORDERS_DATABASE_URL}" }
resources:
${resources.map(given).join("\n")}
  guarded-db: { title: Nobody but by Hallpass, provider: orders-postgres, drift: { unknown: remove }, roles: { write: { title: Write, grant: { role: ${write} } } } }
  ghost-db: { title: No such role, provider: orders-postgres, roles: { any: { title: Nothing, grant: { role: no_such_role_${read} } } } }
rules:
  - name: a lead decides
    requesters: [group:engineers]
    access: ["orders-db:read", "ghost-db:any", "guarded-db:write"]
    decision: review
    approvals: [{ from: [group:leads] }]
    timeout: 12h
  - name: somebody is reminded, then others may decide
    requesters: [group:engineers]
    access: ["urgent-db:read"]
    decision: review
    approvals: [{ from: [group:leads] }]
    timeout: 2h
    remind_every: 20m
    escalate: { after: 30m, to: [group:on-call] }
  - name: two decide
    requesters: [group:engineers]
    access: ["pair-db:read"]
    decision: review
    approvals: [{ from: [group:leads] }, { from: [group:security] }]
  - name: started by whoever asked
    requesters: [group:engineers]
    access: ["waiting-db:read"]
    decision: review
    approvals: [{ from: [group:leads] }]
    start_within: 1h
  - name: taken at once
    requesters: [group:engineers]
    access: ["glass-db:read"]
    decision: review
    approvals: [{ from: [group:leads] }]
    break_glass: { by: [group:on-call], review_by: [group:security], within: 24h }
  - name: given back by itself when idle
    requesters: [group:engineers]
    access: ["idle-db:read"]
    decision: review
    approvals: [{ from: [group:leads] }]
    revoke_on_idle: 30m
  - name: at once, and longer at once
    requesters: [group:engineers]
    access: ["longer-db:read"]
    decision: allow
    extend: { times: 3, by: 30m }
`;
}
