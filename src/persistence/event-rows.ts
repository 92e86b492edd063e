import { v7 as uuidv7 } from "uuid";
import { type AuditEvent, eventData } from "../domain/audit-event.ts";
import { mapStrings } from "../domain/personal-fields.ts";
import type { State } from "../domain/decide.ts";
import type { AccessRequest } from "../domain/request.ts";
import { Prisma, type PrismaClient } from "../generated/prisma/client.ts";
import { isEmail, normalEmail } from "../policy/principal.ts";
import { meetAhead, type PersonalKind, type PersonalValue, type Sealer, withSealer } from "./people.ts";
import { isErasedName } from "./personal-directory.ts";
import { escapeTokens } from "./personal-token.ts";

/** What of a request stands beside each of its events, so that the audit can be searched without a join. */
export type EventContext = Pick<
  AccessRequest,
  "id" | "requester" | "resource" | "role" | "rule" | "policyVersion"
>;

/** An event as `audit_events` holds it: what is personal sealed, absent keys stored as NULL. */
export type EventRow = Readonly<Record<string, unknown>>;

/**
 * Does `write` with the rows of events, which are of one request unless there is none. `write` holds them against
 * `hallpass_insist_on_keys(persons)`.
 */
export async function withEventRows<T>(
  db: PrismaClient,
  events: readonly AuditEvent[],
  context: Omit<EventContext, "id"> | undefined,
  write: (rows: readonly EventRow[], persons: number[]) => Promise<T>,
): Promise<T> {
  return withRowsOf(
    db,
    events.map((event) => ({ event, context })),
    write,
  );
}

/** The same with events of several requests; each row has its `requestId`. */
export async function withRowsOf<T>(
  db: PrismaClient,
  all: readonly {
    readonly event: AuditEvent;
    readonly context: (Omit<EventContext, "id"> & { readonly id?: string }) | undefined;
  }[],
  write: (rows: readonly EventRow[], persons: number[]) => Promise<T>,
): Promise<T> {
  if (all.length === 0) return write([], []);
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
  return withSealer(db, values, (sealer, persons) =>
    write(
      all.map(({ event, context }) => ({
        id: uuidv7(),
        requestId: context?.id,
        ...eventRow(event, context, sealer),
      })),
      [...persons],
    ),
  );
}

/** Requesters of whom something will soon be written, with what they are called: what it costs to find them is spent now. */
export async function meetRequesters(db: PrismaClient, states: readonly State[]): Promise<void> {
  await meetAhead(
    db,
    states.flatMap(({ request: { requester }, grants }) => {
      const handle = handleOf(requester);
      if (handle === undefined) return [];
      const { email, slackId } = requester;
      const called = (kind: PersonalKind, value: string | undefined): readonly PersonalValue[] =>
        value === undefined ? [] : [{ handle, kind, value }];
      return [
        ...called("email", email),
        ...called("slack_id", slackId),
        ...grants.flatMap(({ subject }) => called("subject", subject)),
      ];
    }),
  );
}

/** Written whatever else the statement does. */
const once = Prisma.sql`(select 1) as once`;

export type EventPlace = {
  /** For each row of it; it stands before in the same statement or says whether to write at all. */
  readonly from?: Prisma.Sql;
  /** Of no request unless said. */
  readonly requestId?: Prisma.Sql;
  /** Which rows (`e`) go with which of `from`; each with each unless said. */
  readonly on?: Prisma.Sql;
  /** Of a single event: the same key is recorded once, however often Slack delivers what it names. */
  readonly dedupeKey?: string;
};

/** Inserts rows of events in their order; as a part of a statement, or as all of it. */
export function insertEvents(
  rows: readonly EventRow[],
  persons: readonly number[],
  { from = once, requestId = Prisma.sql`null::uuid`, on = Prisma.sql`true`, dedupeKey }: EventPlace = {},
): Prisma.Sql {
  return Prisma.sql`
      insert into audit_events (
        id, at, type, request_id, grant_id, actor_kind, actor_email, actor_slack_id, actor_person, requester_email,
        requester_person, resource, role, rule, policy_version, data, dedupe_key)
      select e.id, e.at, e.type, ${requestId}, e."grantId", e."actorKind", e."actorEmail", e."actorSlackId",
             e."actorPerson", e."requesterEmail", e."requesterPerson", e.resource, e.role, e.rule, e."policyVersion",
             e.data, ${dedupeKey ?? null}
      from ${from}, rows from (jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as (
        id uuid, at timestamptz, type text, "grantId" uuid, "actorKind" text, "actorEmail" text, "actorSlackId" text,
        "actorPerson" int, "requesterEmail" text, "requesterPerson" int, resource text, role text, rule text,
        "policyVersion" text, data jsonb, "requestId" uuid)) with ordinality as e(
        id, at, type, "grantId", "actorKind", "actorEmail", "actorSlackId", "actorPerson", "requesterEmail",
        "requesterPerson", resource, role, rule, "policyVersion", data, "requestId", place)
      where ${on} and hallpass_insist_on_keys(${[...persons]})
      order by e.place
      ${dedupeKey === undefined ? Prisma.empty : Prisma.sql`on conflict (dedupe_key) do nothing`}`;
}

function eventRow(
  event: AuditEvent,
  context: Omit<EventContext, "id"> | undefined,
  sealer: Sealer,
): EventRow {
  const actor: Called = event.actor.kind === "person" ? event.actor : {};
  const requester = context?.requester;
  const actorHandle = handleOf(actor);
  const requesterHandle = requester && handleOf(requester);
  return {
    at: event.at,
    type: event.type,
    grantId: event.grantId,
    actorKind: event.actor.kind,
    actorEmail: actorHandle && sealed(sealer, actorHandle, "email", actor.email),
    actorSlackId: actorHandle && sealed(sealer, actorHandle, "slack_id", actor.slackId),
    actorPerson: actorHandle && sealer.person(actorHandle),
    requesterEmail: requesterHandle
      ? sealed(sealer, requesterHandle, "email", requester.email)
      : escaped(requester?.email),
    requesterPerson: requesterHandle && sealer.person(requesterHandle),
    resource: escaped(context?.resource),
    role: escaped(context?.role),
    rule: escaped(context?.rule),
    policyVersion: context?.policyVersion,
    data: sealedData(event, sealer, { actorHandle, requesterHandle }),
  };
}

function sealedData(
  { type, data }: AuditEvent,
  sealer: Sealer,
  { actorHandle, requesterHandle }: Readonly<Record<"actorHandle" | "requesterHandle", string | undefined>>,
): unknown {
  const about = [actorHandle, requesterHandle, ...concernedBy(type, data)].flatMap((handle) => handle ?? []);
  return mapStrings(eventData[type], data, (text, saying) => {
    switch (saying) {
      case "plain":
        return escapeTokens(text);
      case "value":
      case "concerned":
        return isEmail(text)
          ? sealer.value({ handle: normalEmail(text), kind: "email", value: text })
          : escapeTokens(text);
      case "name":
        return ofPerson(sealer, actorHandle, "name", text);
      case "subject":
        return ofPerson(sealer, requesterHandle, "subject", text);
      case "text":
        return sealer.text(withoutAddresses(sealer, text), about);
    }
  });
}

/** Whom a text is about besides who wrote it and who asked. */
function concernedBy(type: AuditEvent["type"], data: unknown): readonly string[] {
  const handles: string[] = [];
  mapStrings(eventData[type], data, (text, saying) => {
    if (saying === "concerned" && isEmail(text)) handles.push(normalEmail(text));
    return text;
  });
  return handles;
}

/** Addresses in a text, of people in domains: more than this many before the `@` is none that mail is sent to. */
const addresses = /[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63}/g;

/** An address within a text is its owner's, whoever wrote the text. */
function withoutAddresses(sealer: Sealer, text: string): string {
  return escapeTokens(text).replaceAll(addresses, (address) =>
    isEmail(address)
      ? sealer.value({ handle: normalEmail(address), kind: "email", value: address })
      : address,
  );
}

function ofPerson(
  sealer: Sealer,
  handle: string | undefined,
  kind: "name" | "subject",
  value: string,
): string {
  // Nobody's: it says nothing about a person.
  return handle === undefined ? escapeTokens(value) : sealer.value({ handle, kind, value });
}

function sealed(
  sealer: Sealer,
  handle: string,
  kind: PersonalValue["kind"],
  value: string | undefined,
): string | undefined {
  return value === undefined ? undefined : sealer.value({ handle, kind, value });
}

type Called = { readonly email?: string | undefined; readonly slackId?: string | undefined };

/** By what somebody is known; `undefined` for nobody, and for who is erased. */
function handleOf(person: Called): string | undefined {
  if (person.email !== undefined && isErasedName(person.email)) return undefined;
  return person.email === undefined ? person.slackId : normalEmail(person.email);
}

function escaped(text: string | undefined): string | undefined {
  return text === undefined ? undefined : escapeTokens(text);
}
