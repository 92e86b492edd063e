import type { Client } from "pg";
import { v7 as uuidv7 } from "uuid";
import { type NameKey, nameKey } from "../../identity/recognise.ts";
import { createTraceEraser, type TraceEraser } from "./erase-traces.ts";
import { advisoryLocks } from "../database/advisory-locks.ts";
import { termKey } from "../requests/term-key.ts";
import { erasedName } from "./directory.ts";
import { withClient } from "../database/with-client.ts";

/** Why somebody can't be erased now. */
export type ForgetRefusal =
  | { readonly kind: "unknown" }
  /** Requests by name, such as `AR-1042`. */
  | { readonly kind: "has_access"; readonly requests: readonly string[] }
  | { readonly kind: "waits"; readonly requests: readonly string[] }
  | { readonly kind: "locked_down" }
  /** Person numbers joined with theirs without an audit event that says so: they may be somebody else's. */
  | { readonly kind: "joined_unrecorded"; readonly people: readonly number[] };

export type Forgotten =
  | { readonly forgotten: true; readonly person: number; readonly plainEvents: number }
  | { readonly forgotten: false; readonly refusal: ForgetRefusal };

/** Maximum wait for a lock, because the bot needs the tables. */
const lockMilliseconds = 10_000;
const statementMilliseconds = 300_000;

/**
 * Destroys a person's key, so that nothing in the audit tells about them any more, and removes them from all other
 * tables, in one transaction with an event that says so. `called`: their e-mail address, or the Slack id of an account
 * without one.
 */
export async function forgetPerson(databaseUrl: string, called: string): Promise<Forgotten> {
  const settings = {
    connectionString: databaseUrl,
    statement_timeout: statementMilliseconds,
    query_timeout: statementMilliseconds + 5_000,
    lock_timeout: lockMilliseconds,
    application_name: "hallpass audit forget",
  };
  return withClient(settings, async (client) => {
    await client.query("begin");
    await client.query("select pg_advisory_xact_lock($1)", [advisoryLocks.people]);
    // Nothing may be filed between the check and the commit; reads go on.
    await client.query("lock table access_requests, grants, lockdowns in share row exclusive mode");
    const result = await forget(client, called);
    await client.query(result.forgotten ? "commit" : "rollback");
    if (result.forgotten) await destroyRemains(client);
    return result;
  });
}

async function forget(client: Client, called: string): Promise<Forgotten> {
  const refuse = (refusal: ForgetRefusal): Forgotten => ({ forgotten: false, refusal });
  const them = await findThem(client, called);
  const [person] = them.people;
  const now = "date_trunc('milliseconds', clock_timestamp())";
  const refusal = await whyNot(client, them);
  if (refusal) return refuse(refusal);
  if (person === undefined) return refuse({ kind: "unknown" });
  await client.query(
    `update people set key = null, erased_at = ${now} where id = any ($1) and key is not null`,
    [them.people],
  );
  await eraseTraces(client, createTraceEraser({ ...them, name: erasedName(person) }), them, person);
  await eraseFindings(client, them);
  await client.query("delete from requesters where person_id = any ($1)", [them.people]);
  await client.query(
    `insert into audit_events (id, at, type, actor_kind, data)
     select id::uuid, ${now}, 'person.erased', 'hallpass', jsonb_build_object('person', person)
     from unnest($1::text[], $2::int[]) as e(id, person)`,
    [them.people.map(() => uuidv7()), them.people],
  );
  const plain = await client.query<{ count: number }>(
    `select count(*)::int as count from audit_events
     where actor_person is null and requester_person is null
       and (lower(actor_email) = any ($1) or lower(requester_email) = any ($1) or actor_slack_id = any ($2))`,
    [them.emails, them.accounts],
  );
  return { forgotten: true, person, plainEvents: plain.rows[0]?.count ?? 0 };
}

type Them = {
  /** Person numbers, the current one first; more than one where people were joined. */
  readonly people: readonly number[];
  /** In lower case; every address they have gone by, except those that are somebody else's today. */
  readonly emails: readonly string[];
  readonly accounts: readonly string[];
};

async function findThem(client: Client, called: string): Promise<Them> {
  const { kind, name } = nameKey(called);
  const people = await client.query<{ id: number }>(
    `select p.id from person_names n join people p on p.id = n.person_id or p.joined_into = n.person_id
     where n.kind = $1 and n.name = $2 and n.until is null order by p.joined_into is not null, p.id`,
    [kind, name],
  );
  const ids = people.rows.map(({ id }) => id);
  const { rows } = await client.query<NameKey>(
    `select distinct n.kind, n.name from person_names n
     where n.person_id = any ($1) and not exists (
       select from person_names o
       where o.kind = n.kind and o.name = n.name and o.until is null and o.person_id <> all ($1))`,
    [ids],
  );
  const of = (wanted: NameKey["kind"]): readonly string[] =>
    rows.filter((row) => row.kind === wanted).map((row) => row.name);
  return { people: ids, emails: of("email"), accounts: of("account") };
}

async function whyNot(client: Client, { people }: Them): Promise<ForgetRefusal | undefined> {
  const unrecorded = await joinedUnrecorded(client, people);
  if (unrecorded.length > 0) return { kind: "joined_unrecorded", people: unrecorded };
  const { rows } = await client.query<{ name: string; has_access: boolean }>(
    `select 'AR-' || r.number as name, g.is_live as has_access
     from access_requests r,
     lateral (select exists (select from grants g where g.request_id = r.id and g.status <> 'revoked') as is_live) g
     where r.requester_person = any ($1)
       and (g.is_live or r.status = 'pending'
         or (r.status = 'approved' and r.terms -> ${termKey("startWithinSeconds")} is not null
           and not exists (select from grants s where s.request_id = r.id)))
     order by r.number`,
    [people],
  );
  const live = rows.filter(({ has_access: hasAccess }) => hasAccess).map(({ name }) => name);
  if (live.length > 0) return { kind: "has_access", requests: live };
  if (rows.length > 0) return { kind: "waits", requests: rows.map(({ name }) => name) };
  const locked = await client.query(
    "select 1 from lockdowns where person_id = any ($1) and lifted_at is null",
    [people],
  );
  return locked.rows.length > 0 ? { kind: "locked_down" } : undefined;
}

/** Erasing can't be undone, so a join that only a column states, and no audit event, does not count. */
async function joinedUnrecorded(client: Client, people: readonly number[]): Promise<readonly number[]> {
  const { rows } = await client.query<{ id: number }>(
    `select id from people p
     where id = any ($1) and joined_into is not null and not exists (
       select from audit_events e where e.type = 'person.joined' and (e.data ->> 'other')::int = p.id
         and (e.data ->> 'person')::int = any ($1))
     order by id`,
    [people],
  );
  return rows.map(({ id }) => id);
}

/** Preselects the rows that mention them at all: a closer look at every row would take long. */
const mentions = `exists (select from unnest($1::text[]) as called where strpos(lower(t::text), called) > 0)`;

async function eraseTraces(
  client: Client,
  eraser: TraceEraser,
  { people, emails, accounts }: Them,
  person: number,
): Promise<void> {
  const called = [...emails, ...accounts.map((id) => id.toLowerCase())];
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
    `select id, requester_person = any ($2) as is_own, terms, planned, decisions, reason, ticket
     from access_requests t where requester_person = any ($2) or ${mentions}`,
    [called, people],
  );
  const own = new Set(requests.rows.filter((row) => row.is_own).map(({ id }) => id));
  for (const { id, is_own: isOwn, ...row } of requests.rows) {
    // A new version, so that whoever still holds the old request has to read it again.
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
  // The dedupe key of an interaction contains a digest of what was asked.
  await client.query(
    `update access_requests set requester_email = $2, requester_name = $2, requester_account = null, dedupe_key = null
     where id = any ($1)`,
    [[...own], name],
  );
  await client.query(
    `update grants set subject = $2, subject_id = case when subject_id is not null then $2 end, state = null, handover = null, last_error = case when last_error is not null then $2 end
     where request_id = any ($1)`,
    [[...own], name],
  );
  const grants = await client.query<{
    id: string;
    last_error: string | null;
    state: unknown;
    title: string | null;
  }>(`select id, last_error, state, handover ->> 'title' as title from grants t where ${mentions}`, [called]);
  for (const { id, last_error: error, state, title } of grants.rows) {
    await client.query(
      `update grants set last_error = $2, state = $3, handover = jsonb_set(handover, '{title}', to_jsonb($4::text)) where id = $1`,
      [
        id,
        error === null ? null : eraser.text(error),
        state === null ? null : JSON.stringify(eraser.anything(state)),
        title === null ? "" : eraser.text(title),
      ],
    );
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
       reason = case when person_id = any ($3) or lower(locked_by) = any ($1) then $2 else reason end,
       value = case when person_id = any ($3) then $2 else value end,
       locked_by = case when lower(locked_by) = any ($1) then $2 else locked_by end,
       lifted_by = case when lower(lifted_by) = any ($1) then $2 else lifted_by end`,
    [emails, name, people],
  );
}

/** Findings about them are deleted; access that is still there is found again, as nobody's. */
async function eraseFindings(client: Client, { emails }: Them): Promise<void> {
  await client.query(`delete from drift_findings t where ${mentions}`, [emails]);
}

/**
 * An update leaves the old row, with the key, in the table's file: rewrites that of `people`, and frees the space in
 * the others.
 */
async function destroyRemains(client: Client): Promise<void> {
  await client.query("vacuum (full) people");
  for (const table of ["access_requests", "grants", "effects", "lockdowns", "drift_findings"])
    await client.query(`vacuum ${table}`);
}
