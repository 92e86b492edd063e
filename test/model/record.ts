import { z } from "zod";

/** One line of the audit, as it stands in the database. */
export const Line = z.object({
  seq: z.coerce.number(),
  at: z.coerce.date(),
  type: z.string(),
  grantId: z.string().nullable(),
  actorKind: z.string(),
  actorEmail: z.string().nullable(),
  actorAccount: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
});
export type Line = z.infer<typeof Line>;

/** A request as it was asked, and all the audit says of it. */
export const Asked = z.object({
  id: z.string(),
  number: z.number(),
  /** The address they showed, and the account. */
  requester: z.string(),
  account: z.string(),
  policyVersion: z.string(),
  access: z.string(),
  seconds: z.number(),
  status: z.string(),
  respondBy: z.coerce.date().nullable(),
  extends: z.number().nullable(),
  lines: z.array(Line),
});
export type Asked = z.infer<typeof Asked>;

/** Requests from a number on. Read past Hallpass, by a connection that no fault touches. */
export const askedSince = `
  select r.id, r.number, r.requester_email as requester,
         r.requester_account as account, r.policy_version as "policyVersion", r.resource || ':' || r.role as access,
         r.duration_seconds as seconds, r.status, r.respond_by as "respondBy",
         (r.terms -> 'extends' ->> 'number')::int as extends,
         coalesce((select json_agg(json_build_object(
           'seq', a.seq, 'at', a.at, 'type', a.type, 'grantId', a.grant_id, 'actorKind', a.actor_kind,
           'actorEmail', a.actor_email, 'actorAccount', a.actor_slack_id, 'data', a.data) order by a.seq)
           from audit_events a where a.request_id = r.id), '[]') as lines
  from access_requests r where r.number >= $1 order by r.number`;

/** All lines of the audit after one. */
export const linesAfter = `
  select seq, at, type, grant_id as "grantId", actor_kind as "actorKind", actor_email as "actorEmail",
         actor_slack_id as "actorAccount", data
  from audit_events where seq > $1 order by seq`;

/** What the audit makes of one grant. */
export type Lived = {
  readonly id: string;
  readonly asked: Asked;
  readonly subject: string;
  readonly target: Readonly<Record<string, string>>;
  status: "granting" | "active" | "revoking" | "revoked";
  activeAt?: Date;
  expiresAt?: Date;
  extensions: number;
  failures: number;
};

const Started = z.object({ subject: z.string(), target: z.record(z.string(), z.string()) });
const instant = z.coerce.date();
const legal: Readonly<Record<string, readonly [readonly (Lived["status"] | "none")[], Lived["status"]]>> = {
  "grant.started": [["none"], "granting"],
  "grant.active": [["granting"], "active"],
  "grant.extended": [["active"], "active"],
  "grant.restored": [["active"], "active"],
  "grant.vanished": [["active"], "active"],
  "grant.came_back": [["active"], "active"],
  "grant.unsettled": [["granting"], "granting"],
  "grant.failed": [["granting"], "revoking"],
  "grant.revoking": [["granting", "active"], "revoking"],
  "grant.landed_late": [["revoking", "revoked"], "revoking"],
  "revocation.failed": [["revoking"], "revoking"],
  "grant.revoked": [["revoking"], "revoked"],
  "grant.reappeared": [["revoked"], "revoking"],
};

/** Follows the grants of a request through the audit; throws at the first step that none may take. */
export function livesOf(asked: Asked): readonly Lived[] {
  const lives = new Map<string, Lived>();
  for (const line of asked.lines) {
    const step = legal[line.type];
    if (!step) continue;
    const id = line.grantId ?? "";
    const before = lives.get(id);
    const where = `AR-${asked.number}: ${line.type} after ${before?.status ?? "nothing"}`;
    if (!step[0].includes(before?.status ?? "none")) throw new Error(`${where} is no legal order`);
    const life: Lived = before ?? {
      ...Started.parse(line.data),
      id,
      asked,
      status: "granting",
      extensions: 0,
      failures: 0,
    };
    const { data } = line;
    life.status = step[1];
    switch (line.type) {
      case "grant.active":
        life.activeAt = instant.parse(data["activeAt"]);
        life.expiresAt = instant.parse(data["expiresAt"]);
        break;
      case "grant.extended":
        life.extensions += 1;
        life.expiresAt = instant.parse(data["expiresAt"]);
        break;
      case "grant.revoking":
        if (data["reason"] === "expired" && (!life.expiresAt || line.at < life.expiresAt))
          throw new Error(`${where}: expired before its time`);
        break;
      case "revocation.failed":
        life.failures += 1;
        if (data["attempt"] !== life.failures)
          throw new Error(`${where}: attempt ${String(data["attempt"])} is the ${life.failures}th`);
        break;
      default:
    }
    lives.set(id, life);
  }
  return [...lives.values()];
}
