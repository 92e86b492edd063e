import { v7 as uuidv7 } from "uuid";
import { type AuditEvent, eventData } from "../../domain/audit-event.ts";
import { mapStrings } from "../../domain/personal-fields.ts";
import type { State } from "../../domain/state.ts";
import type { AccessRequest } from "../../domain/request/request.ts";
import { Prisma } from "../../generated/prisma/client.ts";
import { isEmail, normalEmail } from "../../policy/principal.ts";
import type { PersonalKind, PersonalValue } from "../people/meet-people.ts";
import { type Insist, meetAhead, type Sealer, withSealer } from "../personal/seal-personal.ts";
import type { Statements, Whose } from "../people/people-memory.ts";
import { isErasedName } from "../personal/directory.ts";
import { escapeTokens } from "../personal/token.ts";

/** The fields of a request stored with each of its events, so that the audit can be searched without a join. */
export type EventContext = Pick<
  AccessRequest,
  "id" | "number" | "requester" | "resource" | "role" | "rule" | "policyVersion"
>;

/** A row of `audit_events`: personal values sealed, absent keys stored as NULL. */
export type EventRow = Readonly<Record<string, unknown>>;

/**
 * Runs `write` with the rows of events, all of one request or of none. `write` must call `hallpass_insist_on_people`,
 * as `insertEvents` does. `judged`: other person numbers that `write` stores.
 */
export async function withEventRows<T>(
  db: Statements,
  events: readonly AuditEvent[],
  context: Omit<EventContext, "id" | "number"> | undefined,
  write: (rows: readonly EventRow[], insist: Insist) => Promise<T>,
  judged: readonly number[] = [],
): Promise<T> {
  return withRowsOf(
    db,
    events.map((event) => ({ event, context })),
    write,
    judged,
  );
}

/** Like `withEventRows`, for events of several requests; each row has its `requestId`. */
export async function withRowsOf<T>(
  db: Statements,
  all: readonly {
    readonly event: AuditEvent;
    readonly context: (Omit<EventContext, "id" | "number"> & { readonly id?: string }) | undefined;
  }[],
  write: (rows: readonly EventRow[], insist: Insist) => Promise<T>,
  judged: readonly number[] = [],
): Promise<T> {
  if (all.length === 0) return write([], { persons: [], seen: 0 });
  const values: PersonalValue[] = [];
  const collector: Sealer = {
    value(personal) {
      values.push(personal);
      return "";
    },
    text: () => "",
    person: () => 0,
  };
  for (const { event, context } of all) eventRow(event, context, collector);
  return withSealer(
    db,
    values,
    (sealer, insist) =>
      write(
        all.map(({ event, context }) => ({
          id: uuidv7(),
          requestId: context?.id,
          ...eventRow(event, context, sealer),
        })),
        insist,
      ),
    judged,
  );
}

/** Looks up requesters who will soon be written about, with their names, so that the write itself need not. */
export async function meetRequesters(db: Statements, states: readonly State[]): Promise<void> {
  await meetAhead(
    db,
    states.flatMap(({ request: { requester }, grants }) => {
      const whose = whoseIs(requester);
      if (whose === undefined) return [];
      const { email, account } = requester;
      const called = (kind: PersonalKind, value: string | undefined): readonly PersonalValue[] =>
        value === undefined ? [] : [{ whose, kind, value }];
      return [
        ...called("email", email),
        ...called("slack_id", account),
        ...grants.flatMap(({ subject }) => called("subject", subject)),
      ];
    }),
  );
}

/** One row, so that events are written whatever else the statement does. */
const once = Prisma.sql`(select 1) as once`;

const noRequest = { id: Prisma.sql`null::uuid`, number: Prisma.sql`null::int` };

/** The place of a request's own events. */
export function requestIn({ id, number }: Pick<EventContext, "id" | "number">): EventPlace {
  return { request: { id: Prisma.sql`${id}::uuid`, number: Prisma.sql`${number}::int` } };
}

export type EventPlace = {
  /**
   * Events are written for each row of this: a part that precedes in the same statement, or decides whether to write at
   * all.
   */
  readonly from?: Prisma.Sql;
  /** The events' request; none by default. Its number is stored too, so that the chain covers it. */
  readonly request?: { readonly id: Prisma.Sql; readonly number: Prisma.Sql };
  /** Which events (`e`) belong to which row of `from`; each to each by default. */
  readonly on?: Prisma.Sql;
  /** For a single event: the same key is recorded once, however often Slack delivers what it names. */
  readonly dedupeKey?: string;
};

/** SQL that inserts rows of events in order, as a part of a statement or as all of it. */
export function insertEvents(
  rows: readonly EventRow[],
  { persons, seen }: Insist,
  { from = once, request = noRequest, on = Prisma.sql`true`, dedupeKey }: EventPlace = {},
): Prisma.Sql {
  return Prisma.sql`
      insert into audit_events (
        id, at, type, request_id, request_number, grant_id, actor_kind, actor_email, actor_slack_id, actor_person, requester_email,
        requester_person, resource, role, rule, policy_version, data, dedupe_key)
      select e.id, e.at, e.type, ${request.id}, ${request.number}, e."grantId", e."actorKind", e."actorEmail", e."actorSlackId",
             e."actorPerson", e."requesterEmail", e."requesterPerson", e.resource, e.role, e.rule, e."policyVersion",
             e.data, ${dedupeKey ?? null}
      from ${from}, rows from (jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as (
        id uuid, at timestamptz, type text, "grantId" uuid, "actorKind" text, "actorEmail" text, "actorSlackId" text,
        "actorPerson" int, "requesterEmail" text, "requesterPerson" int, resource text, role text, rule text,
        "policyVersion" text, data jsonb, "requestId" uuid)) with ordinality as e(
        id, at, type, "grantId", "actorKind", "actorEmail", "actorSlackId", "actorPerson", "requesterEmail",
        "requesterPerson", resource, role, rule, "policyVersion", data, "requestId", place)
      where ${on} and hallpass_insist_on_people(${[...persons]}, ${seen})
      order by e.place
      ${dedupeKey === undefined ? Prisma.empty : Prisma.sql`on conflict (dedupe_key) do nothing`}`;
}

function eventRow(
  event: AuditEvent,
  context: Omit<EventContext, "id" | "number"> | undefined,
  sealer: Sealer,
): EventRow {
  const by: Called = event.actor.kind === "person" ? event.actor : {};
  const asker = context?.requester;
  const actor = whoseIs(by);
  const requester = asker && whoseIs(asker);
  return {
    at: event.at,
    type: event.type,
    grantId: event.grantId,
    actorKind: event.actor.kind,
    actorEmail: actor && sealed(sealer, actor, "email", by.email),
    actorSlackId: actor && sealed(sealer, actor, "slack_id", by.account),
    actorPerson: actor && sealer.person(actor),
    requesterEmail: requester ? sealed(sealer, requester, "email", asker.email) : escaped(asker?.email),
    requesterPerson: requester && sealer.person(requester),
    resource: escaped(context?.resource),
    role: escaped(context?.role),
    rule: escaped(context?.rule),
    policyVersion: context?.policyVersion,
    data: sealedData(event, sealer, { actor, requester }),
  };
}

function sealedData(
  { type, data }: AuditEvent,
  sealer: Sealer,
  { actor, requester }: Readonly<Record<"actor" | "requester", Whose | undefined>>,
): unknown {
  const about = [actor, requester, ...concernedBy(type, data)].flatMap((whose) => whose ?? []);
  return mapStrings(eventData[type], data, (text, saying) => {
    switch (saying) {
      case "plain":
        return escapeTokens(text);
      case "value":
      case "concerned":
        return isEmail(text)
          ? sealer.value({ whose: normalEmail(text), kind: "email", value: text })
          : escapeTokens(text);
      case "name":
        return ofPerson(sealer, actor, "name", text);
      case "subject":
        return ofPerson(sealer, requester, "subject", text);
      case "text":
        return sealer.text(withoutAddresses(sealer, text), about);
    }
  });
}

/** The people a text is about, besides its author and the requester. */
function concernedBy(type: AuditEvent["type"], data: unknown): readonly string[] {
  const concerned: string[] = [];
  mapStrings(eventData[type], data, (text, saying) => {
    if (saying === "concerned" && isEmail(text)) concerned.push(normalEmail(text));
    return text;
  });
  return concerned;
}

/** E-mail addresses in a text; none that receives mail has more than 64 characters before the `@`. */
const addresses = /[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63}/g;

/** Seals each address in a text as its owner's, whoever wrote the text. */
function withoutAddresses(sealer: Sealer, text: string): string {
  return escapeTokens(text).replaceAll(addresses, (address) =>
    isEmail(address) ? sealer.value({ whose: normalEmail(address), kind: "email", value: address }) : address,
  );
}

function ofPerson(sealer: Sealer, whose: Whose | undefined, kind: "name" | "subject", value: string): string {
  // Nobody's, so it says nothing about a person.
  return whose === undefined ? escapeTokens(value) : sealer.value({ whose, kind, value });
}

function sealed(
  sealer: Sealer,
  whose: Whose,
  kind: PersonalValue["kind"],
  value: string | undefined,
): string | undefined {
  return value === undefined ? undefined : sealer.value({ whose, kind, value });
}

type Called = {
  readonly id?: number | undefined;
  readonly email?: string | undefined;
  readonly account?: string | undefined;
};

/** How somebody is identified: by number, else by address or account; `undefined` for nobody and for an erased person. */
function whoseIs({ id, email, account }: Called): Whose | undefined {
  if (email !== undefined && isErasedName(email)) return undefined;
  return id ?? (email === undefined ? account : normalEmail(email));
}

function escaped(text: string | undefined): string | undefined {
  return text === undefined ? undefined : escapeTokens(text);
}
