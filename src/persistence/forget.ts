import { Client } from "pg";
import { v7 as uuidv7 } from "uuid";
import { normalEmail } from "../policy/principal.ts";
import { createTraceEraser, type TraceEraser } from "./erase-traces.ts";
import { openValue } from "./personal-cipher.ts";
import { erasedName } from "./personal-directory.ts";

/** Why somebody can't be erased now. */
export type ForgetRefusal =
  | { readonly kind: "unknown" }
  /** By the names of requests: `AR-1042`. */
  | { readonly kind: "has_access"; readonly requests: readonly string[] }
  | { readonly kind: "waits"; readonly requests: readonly string[] }
  | { readonly kind: "locked_down" };

export type Forgotten =
  | { readonly forgotten: true; readonly person: number; readonly plainEvents: number }
  | { readonly forgotten: false; readonly refusal: ForgetRefusal };

/** Longer than this nobody waits for a lock: the bot needs the tables. */
const lockMilliseconds = 10_000;
const statementMilliseconds = 300_000;

/**
 * Destroys a person's key, so that nothing in the audit says anything of them any more, and takes them out of all other tables; in
 * one transaction, with an event that says so. `called`: their e-mail address, or the Slack id of an account without one.
 */
export async function forgetPerson(databaseUrl: string, called: string): Promise<Forgotten> {
  const client = new Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 5_000,
    statement_timeout: statementMilliseconds,
    query_timeout: statementMilliseconds + 5_000,
    lock_timeout: lockMilliseconds,
    application_name: "hallpass audit forget",
  });
  // A connection lost between two statements is told by the next.
  client.on("error", () => undefined);
  await client.connect();
  try {
    await client.query("begin");
    // Nothing may be asked for between the look and the end; reading goes on.
    await client.query("lock table access_requests, grants, lockdowns in share row exclusive mode");
    const result = await forget(client, called);
    await client.query(result.forgotten ? "commit" : "rollback");
    if (result.forgotten) await destroyRemains(client);
    return result;
  } finally {
    await client.end();
  }
}

async function forget(client: Client, called: string): Promise<Forgotten> {
  const refuse = (refusal: ForgetRefusal): Forgotten => ({ forgotten: false, refusal });
  const them = await findThem(client, called);
  const [person] = them.people;
  const now = "date_trunc('milliseconds', clock_timestamp())";
  const refusal = await whyNot(client, them);
  if (refusal) return refuse(refusal);
  const asked = await client.query(
    "select 1 from access_requests where lower(requester_email) = any ($1) or requester_slack_id = any ($2) limit 1",
    [them.emails, them.slackIds],
  );
  if (person === undefined && asked.rows.length === 0) return refuse({ kind: "unknown" });
  const number = person ?? (await createErased(client));
  await client.query(
    `update people set key = null, handle = null, erased_at = ${now} where id = any ($1) and key is not null`,
    [them.people],
  );
  await eraseTraces(client, createTraceEraser({ ...them, name: erasedName(number) }), them, number);
  await eraseFindings(client, them);
  await client.query("delete from requesters where lower(email) = any ($1)", [them.emails]);
  await client.query(
    `insert into audit_events (id, at, type, actor_kind, data)
     select id::uuid, ${now}, 'person.erased', 'hallpass', jsonb_build_object('person', person)
     from unnest($1::text[], $2::int[]) as e(id, person)`,
    [
      (them.people.length === 0 ? [number] : them.people).map(() => uuidv7()),
      them.people.length === 0 ? [number] : them.people,
    ],
  );
  const plain = await client.query<{ count: number }>(
    `select count(*)::int as count from audit_events
     where actor_person is null and requester_person is null
       and (lower(actor_email) = any ($1) or lower(requester_email) = any ($1) or actor_slack_id = any ($2))`,
    [them.emails, them.slackIds],
  );
  return { forgotten: true, person: number, plainEvents: plain.rows[0]?.count ?? 0 };
}

type Them = {
  /** Numbers; more than one where somebody was met by Slack id before their address was seen. */
  readonly people: readonly number[];
  /** In lower case. */
  readonly emails: readonly string[];
  readonly slackIds: readonly string[];
};

async function findThem(client: Client, called: string): Promise<Them> {
  const handle = called.includes("@") ? normalEmail(called) : called.trim();
  const emails = new Set(handle.includes("@") ? [handle.toLowerCase()] : []);
  const slackIds = new Set(handle.includes("@") ? [] : [handle]);
  const { rows } = await client.query<{ kind: string; key: Buffer; mark: Buffer; ciphertext: Buffer }>(
    `select v.kind, p.key, v.mark, v.ciphertext from people p join personal_values v on v.person_id = p.id
     where p.handle = $1 and v.kind in ('email', 'slack_id')`,
    [handle],
  );
  for (const { kind, key, mark, ciphertext } of rows) {
    const value = openValue(key, mark, ciphertext);
    if (kind === "email") emails.add(value.toLowerCase());
    else slackIds.add(value);
  }
  const asked = await client.query<{ id: string }>(
    `select distinct requester_slack_id as id from access_requests
     where lower(requester_email) = any ($1) and requester_slack_id is not null`,
    [[...emails]],
  );
  for (const { id } of asked.rows) slackIds.add(id);
  const people = await client.query<{ id: number }>(
    "select id from people where handle = any ($1) order by handle <> $2, id",
    [[handle, ...slackIds], handle],
  );
  return { people: people.rows.map(({ id }) => id), emails: [...emails], slackIds: [...slackIds] };
}

async function whyNot(client: Client, { emails, slackIds }: Them): Promise<ForgetRefusal | undefined> {
  const { rows } = await client.query<{ name: string; has_access: boolean }>(
    `select 'AR-' || r.number as name, g.is_live as has_access
     from access_requests r,
     lateral (select exists (select from grants g where g.request_id = r.id and g.status <> 'revoked') as is_live) g
     where (lower(r.requester_email) = any ($1) or r.requester_slack_id = any ($2))
       and (g.is_live or r.status = 'pending'
         or (r.status = 'approved' and r.terms -> 'startWithinSeconds' is not null
           and not exists (select from grants s where s.request_id = r.id)))
     order by r.number`,
    [emails, slackIds],
  );
  const live = rows.filter(({ has_access: hasAccess }) => hasAccess).map(({ name }) => name);
  if (live.length > 0) return { kind: "has_access", requests: live };
  if (rows.length > 0) return { kind: "waits", requests: rows.map(({ name }) => name) };
  const locked = await client.query(
    "select 1 from lockdowns where kind = 'person' and lower(value) = any ($1) and lifted_at is null",
    [emails],
  );
  return locked.rows.length > 0 ? { kind: "locked_down" } : undefined;
}

/** Somebody whom only requests from before people had keys speak of gets a number to stand there instead. */
async function createErased(client: Client): Promise<number> {
  const { rows } = await client.query<{ id: number }>(
    "insert into people (erased_at) values (clock_timestamp()) returning id",
  );
  return rows[0]?.id ?? 0;
}

/** Which rows mention them at all: to look closer at each would take long. */
const mentions = `exists (select from unnest($1::text[]) as called where strpos(lower(t::text), called) > 0)`;

async function eraseTraces(
  client: Client,
  eraser: TraceEraser,
  { emails, slackIds }: Them,
  person: number,
): Promise<void> {
  const called = [...emails, ...slackIds.map((id) => id.toLowerCase())];
  const name = erasedName(person);
  const requests = await client.query<{
    id: string;
    is_own: boolean;
    terms: unknown;
    planned: unknown;
    decisions: unknown;
    reason: string;
    ticket: string | null;
  }>(
    `select id, lower(requester_email) = any ($2) or coalesce(requester_slack_id = any ($3), false) as is_own, terms, planned, decisions, reason, ticket
     from access_requests t where ${mentions}`,
    [called, emails, slackIds],
  );
  const own = new Set(requests.rows.filter((row) => row.is_own).map(({ id }) => id));
  for (const { id, is_own: isOwn, ...row } of requests.rows) {
    // Whoever still has the request in mind must read it again: hence the version.
    await client.query(
      `update access_requests set version = version + 1, reason = $2, ticket = $3, terms = $4, planned = $5, decisions = $6
       where id = $1`,
      [
        id,
        isOwn ? name : eraser.text(row.reason),
        isOwn || row.ticket === null ? null : eraser.text(row.ticket),
        JSON.stringify(eraser.terms(row.terms, isOwn)),
        JSON.stringify(eraser.planned(row.planned, isOwn)),
        JSON.stringify(eraser.decisions(row.decisions, isOwn)),
      ],
    );
  }
  // The key of an interaction holds a digest of what was asked.
  await client.query(
    `update access_requests set requester_email = $2, requester_name = $2, requester_slack_id = null, dedupe_key = null
     where id = any ($1)`,
    [[...own], name],
  );
  await client.query(
    `update grants set subject = $2, state = null, last_error = case when last_error is not null then $2 end
     where request_id = any ($1)`,
    [[...own], name],
  );
  const grants = await client.query<{ id: string; last_error: string | null; state: unknown }>(
    `select id, last_error, state from grants t where ${mentions}`,
    [called],
  );
  for (const { id, last_error: error, state } of grants.rows) {
    await client.query("update grants set last_error = $2, state = $3 where id = $1", [
      id,
      error === null ? null : eraser.text(error),
      state === null ? null : JSON.stringify(eraser.anything(state)),
    ]);
  }
  const effects = await client.query<{
    id: string;
    request_id: string;
    payload: unknown;
    last_error: string | null;
  }>(`select id, request_id, payload, last_error from effects t where request_id = any ($2) or ${mentions}`, [
    called,
    [...own],
  ]);
  for (const { id, request_id: requestId, payload, last_error: error } of effects.rows) {
    const isOwn = own.has(requestId);
    await client.query("update effects set payload = $2, last_error = $3 where id = $1", [
      id,
      JSON.stringify(eraser.payload(payload, isOwn)),
      error === null ? null : isOwn ? name : eraser.text(error),
    ]);
  }
  await client.query(
    `update lockdowns set
       reason = case when (kind = 'person' and lower(value) = any ($1)) or lower(locked_by) = any ($1) then $2 else reason end,
       value = case when kind = 'person' and lower(value) = any ($1) then $2 else value end,
       locked_by = case when lower(locked_by) = any ($1) then $2 else locked_by end,
       lifted_by = case when lower(lifted_by) = any ($1) then $2 else lifted_by end`,
    [emails, name],
  );
}

/** What was found of theirs in a provider is found again if it is still there, as nobody's. */
async function eraseFindings(client: Client, { emails }: Them): Promise<void> {
  await client.query(`delete from drift_findings t where ${mentions}`, [emails]);
}

/** An updated row leaves its old self in the table's file, the key too: where it stood is written anew, or freed. */
async function destroyRemains(client: Client): Promise<void> {
  await client.query("vacuum (full) people");
  for (const table of ["access_requests", "grants", "effects", "lockdowns", "drift_findings"])
    await client.query(`vacuum ${table}`);
}
