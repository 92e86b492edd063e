import QueryStream from "pg-query-stream";
import { z } from "zod";
import { Actor, type AuditEvent, StoredEvent } from "../../domain/audit-event.ts";
import { readPersonalDirectory } from "../../persistence/personal/directory.ts";
import { personNumbers } from "../export/person-numbers.ts";
import { isUnmarked, type Unbound } from "../chain/unbound.ts";
import { withClient } from "../../persistence/database/with-client.ts";

/** An event as it is in the log, with what is known beside it, tokens opened: an erased person reads `erased person 7`. */
export type LoggedEvent = {
  readonly seq: number;
  /** Its place in the hash chain; absent until it is sealed. */
  readonly place?: number;
  readonly at: Date;
  readonly type: string;
  readonly requestId?: string;
  /** `AR-1042`. */
  readonly request?: string;
  readonly grantId?: string;
  readonly actor: Actor;
  readonly requester?: string;
  readonly resource?: string;
  readonly role?: string;
  readonly rule?: string;
  readonly policyVersion?: string;
  readonly data: unknown;
  /** What the chain does not prove of it: the people it names, or its request's number. */
  readonly unproven?: readonly (keyof Unbound)[];
  /** Who approved the request that extended the access; only on `grant.extended`. */
  readonly extension?: { readonly byRule: boolean; readonly approvers: readonly string[] };
  /** The parsed event; absent if this version of Hallpass could not have written it. */
  readonly event?: AuditEvent;
};

/** Reads one snapshot of the log. `where` filters the rows of `audit_events e`. */
export type AuditReader = {
  readonly events: (where: Where) => AsyncIterable<LoggedEvent>;
  /** Runs another query in the same snapshot, row by row, with tokens opened like the log's. */
  readonly rows: (sql: string, values: readonly unknown[]) => AsyncIterable<unknown>;
  /** See `personNumbers`. */
  readonly personNumbers: (user: string) => Promise<readonly number[]>;
  /** The time until which events were retired, and so are not in the log any more; `undefined` if none were. */
  readonly retiredUntil: Date | undefined;
  /** How many of the events read so far are not fully proven by the chain. */
  readonly unbound: () => Unbound;
};

export type Where = {
  /** Common table expressions, and a condition that may use them. */
  readonly with?: string;
  readonly sql: string;
  readonly values: readonly unknown[];
  /** What the events are sorted by. */
  readonly order: "seq" | "request";
};

/** No answer is worth keeping the database busy for longer. */
const patienceMs = 120_000;

/** Runs `work` on the log, on its own connection, in one read-only transaction. */
export async function withAuditReader<T>(
  source: { readonly databaseUrl: string },
  work: (reader: AuditReader) => Promise<T>,
): Promise<T> {
  const settings = {
    connectionString: source.databaseUrl,
    statement_timeout: patienceMs,
    application_name: "hallpass audit questions",
  };
  return withClient(settings, async (client) => {
    await client.query("begin transaction isolation level repeatable read read only");
    const directory = await readPersonalDirectory(client);
    const retired = await client.query<{ at: Date | null }>(
      "select max(last_at) as at from audit_tombstones",
    );
    const unbound = { people: 0, number: 0 };
    const found = (sql: string, values: readonly unknown[]): AsyncIterable<unknown> =>
      client.query(new QueryStream(sql, [...values], { batchSize: 500 }));
    return work({
      unbound: () => unbound,
      retiredUntil: retired.rows[0]?.at ?? undefined,
      async *rows(sql, values) {
        for await (const row of found(sql, values)) yield directory.openAll(row);
      },
      async *events(where) {
        for await (const row of found(select(where), where.values)) {
          const unproven = unprovenOf(row);
          for (const each of unproven) unbound[each] += 1;
          yield { ...loggedEvent(directory.openAll(row)), ...(unproven.length > 0 && { unproven }) };
        }
      },
      personNumbers: (user) => personNumbers(client, user),
    });
  });
}

function select({ with: tables, sql, order }: Where): string {
  return `${tables === undefined ? "" : `with ${tables} `}
    select e.seq::float8 as seq, c.sequence::float8 as place, e.at, e.type, e.request_id,
           'AR-' || coalesce(e.request_number, r.number) as request, e.request_number is not null as is_numbered,
           e.grant_id, e.actor_kind, e.actor_email, e.actor_slack_id, e.requester_email, e.resource, e.role, e.rule,
           e.policy_version, e.data,
           case when e.type = 'grant.extended' then (
             select jsonb_build_object('byRule', a.actor_kind = 'policy', 'approvers', a.data -> 'approvers')
             from audit_events a where a.type = 'request.approved'
               and a.request_id = ${requestOfNumber("substring(e.data ->> 'by' from '^AR-([0-9]{1,9})$')::int")}
             limit 1) end as extension
    from audit_events e
    left join audit_chain c on c.event_seq = e.seq
    left join access_requests r on r.id = e.request_id and e.request_number is null
    where ${sql}
    order by ${order === "seq" ? "e.seq" : "e.request_id, e.seq"}`;
}

/**
 * SQL for the id of the request with this number: from the event that filed it, or else from its row, unless an event of it has
 * another number.
 */
export function requestOfNumber(number: string): string {
  return `coalesce(
    (select f.request_id from audit_events f
     where f.request_number = ${number} and f.type in ('request.created', 'request.refused') limit 1),
    (select x.id from access_requests x where x.number = ${number} and not exists (
       select from audit_events n where n.request_id = x.id and n.request_number <> x.number)))`;
}

const text = z.string().nullable();
const Row = z.object({
  seq: z.number(),
  place: z.number().nullable(),
  at: z.date(),
  type: z.string(),
  request_id: text,
  request: text,
  is_numbered: z.boolean(),
  grant_id: text,
  actor_kind: z.string(),
  actor_email: text,
  actor_slack_id: text,
  requester_email: text,
  resource: text,
  role: text,
  rule: text,
  policy_version: text,
  data: z.unknown(),
  extension: z.object({ byRule: z.boolean(), approvers: z.array(z.string()).nullable() }).nullable(),
});

const Numbered = Row.pick({ request: true, is_numbered: true });

function unprovenOf(row: unknown): readonly (keyof Unbound)[] {
  const { request, is_numbered: isNumbered } = Numbered.parse(row);
  const isUnnumbered = request !== null && !isNumbered;
  return [...(isUnmarked(row) ? (["people"] as const) : []), ...(isUnnumbered ? (["number"] as const) : [])];
}

function loggedEvent(row: unknown): LoggedEvent {
  const read = Row.parse(row);
  const { seq, at, type, data, extension } = read;
  const actor = Actor.parse({
    kind: read.actor_kind,
    ...present({ email: read.actor_email, account: read.actor_slack_id }),
  });
  const event = StoredEvent.safeParse({ type, at, actor, ...present({ grantId: read.grant_id }), data }).data;
  return {
    seq,
    at,
    type,
    actor,
    data,
    ...present({
      place: read.place,
      requestId: read.request_id,
      request: read.request,
      grantId: read.grant_id,
      requester: read.requester_email,
      resource: read.resource,
      role: read.role,
      rule: read.rule,
      policyVersion: read.policy_version,
    }),
    ...(extension && { extension: { byRule: extension.byRule, approvers: extension.approvers ?? [] } }),
    ...(event && { event }),
  };
}

type Present<T> = { readonly [Key in keyof T]?: NonNullable<T[Key]> };

/** Drops the columns that are NULL. */
function present<T extends Readonly<Record<string, unknown>>>(columns: T): Present<T> {
  // Only keys whose value is null are dropped; the compiler cannot follow entries.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== null)) as Present<T>;
}
