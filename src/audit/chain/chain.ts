import { hash } from "node:crypto";
import { z } from "zod";
import { canonicalJson } from "./canonical-json.ts";
import { isoTime } from "../iso-time.ts";

const text = z.string().nullable();

/** An event as `audit_events` holds it, in the form that is hashed. */
export type ChainedEvent = Readonly<z.infer<typeof ChainedEvent>>;
export const ChainedEvent = z.object({
  id: z.string(),
  seq: z.number(),
  /** ISO 8601 in UTC, with milliseconds. */
  at: z.string(),
  type: z.string(),
  requestId: text,
  requestNumber: z.number().nullable(),
  grantId: text,
  actorKind: z.string(),
  actorEmail: text,
  actorPerson: z.number().nullable(),
  actorSlackId: text,
  requesterEmail: text,
  requesterPerson: z.number().nullable(),
  resource: text,
  role: text,
  rule: text,
  policyVersion: text,
  dedupeKey: text,
  /** The column's JSON as text. */
  data: z.string(),
});

/** The fields in RFC 8785 order (by the UTF-16 code units of their names), each with its SQL expression. */
export const chainedFields: readonly { readonly name: keyof ChainedEvent; readonly sql: string }[] = [
  { name: "actorEmail", sql: "e.actor_email" },
  { name: "actorKind", sql: "e.actor_kind" },
  { name: "actorPerson", sql: "e.actor_person" },
  { name: "actorSlackId", sql: "e.actor_slack_id" },
  { name: "at", sql: isoTime("e.at") },
  { name: "data", sql: "e.data::text" },
  { name: "dedupeKey", sql: "e.dedupe_key" },
  { name: "grantId", sql: "e.grant_id::text" },
  { name: "id", sql: "e.id::text" },
  { name: "policyVersion", sql: "e.policy_version" },
  { name: "requestId", sql: "e.request_id::text" },
  { name: "requestNumber", sql: "e.request_number" },
  { name: "requesterEmail", sql: "e.requester_email" },
  { name: "requesterPerson", sql: "e.requester_person" },
  { name: "resource", sql: "e.resource" },
  { name: "role", sql: "e.role" },
  { name: "rule", sql: "e.rule" },
  { name: "seq", sql: "e.seq::float8" },
  { name: "type", sql: "e.type" },
];

/** The previous hash of the very first event. */
export const beginning = "0".repeat(64);

/** The fields of an event, or of a row that somebody has tampered with. */
export type EventFields = { readonly [name in keyof ChainedEvent]?: string | number | null };

/** The event as canonical JSON (RFC 8785). A field that is NULL is left out. */
export function canonicalRecord(event: EventFields): string {
  let members = "";
  for (const { name } of chainedFields) {
    const value = event[name] ?? null;
    if (value === null) continue;
    const json = name === "data" ? canonicalJson(String(value)) : JSON.stringify(value);
    members += `${members === "" ? "" : ","}"${name}":${json}`;
  }
  return `{${members}}`;
}

/** The hash at a place: SHA-256 over the previous hash in hexadecimal and the event's canonical JSON. */
export function linkHash(previous: string, record: string): string {
  return hash("sha256", previous + record, "hex");
}
