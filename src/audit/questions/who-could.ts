import { byRequest, type Held, heldByRequest } from "./held-by-request.ts";
import { heldIn } from "./holdings.ts";
import type { WhoQuestion } from "./questions.ts";
import type { AuditReader, Where } from "./read-events.ts";

/** `perhaps`: it may have been held, and nobody can say. */
export type Holder = Held & { readonly certainty: "held" | "perhaps" };

export type WhoAnswer =
  | { readonly kind: "holder"; readonly holder: Holder }
  /** An event that this version of Hallpass could not have written, so what it says is missing here. */
  | { readonly kind: "unreadable"; readonly request: string; readonly seq: number };

/** Finds who had the access at some moment of the span, in the order of requests. Holds one request at a time in memory. */
export async function* whoCould(reader: AuditReader, question: WhoQuestion): AsyncIterable<WhoAnswer> {
  for await (const events of byRequest(reader.events(grantsOf(question)))) {
    for (const { event, seq, request } of events)
      if (!event) yield { kind: "unreadable", request: request ?? "no request", seq };
    for (const held of heldByRequest(events)) {
      const certainty = isAsked(question, held) ? heldIn(held, question.span) : undefined;
      if (certainty) yield { kind: "holder", holder: { ...held, certainty } };
    }
  }
}

/** A question about a bundle's name covers all its parts. */
function isAsked({ resource, role }: WhoQuestion, { access, bundle }: Held): boolean {
  return [access, bundle].some((each) =>
    role === undefined ? each?.startsWith(`${resource}:`) === true : each === `${resource}:${role}`,
  );
}

/** All events of the requests that may have given the access in the span; grants that ended before it are left out. */
function grantsOf({ resource, role, span }: WhoQuestion): Where {
  const part =
    role === undefined
      ? `data ->> 'access' collate "C" >= $1::text || ':' and data ->> 'access' collate "C" < $1::text || ';'`
      : `data ->> 'access' collate "C" = $1::text || ':' || $4::text`;
  return {
    with: `begun as (
      select request_id, grant_id from audit_events
      where type = 'grant.started' and resource = $1 ${role === undefined ? "" : "and role = $4"} and at < $2
      union
      select request_id, grant_id from audit_events
      where type = 'grant.started' and data ? 'access' and ${part} and at < $2
    ), asked as materialized (
      select distinct b.request_id from begun b
      left join lateral (
        select type, at from audit_events where request_id = b.request_id and grant_id = b.grant_id
        order by seq desc limit 1) last on true
      where last.type <> 'grant.revoked' or last.at > $3
    )`,
    sql: "e.request_id in (select request_id from asked)",
    values: [resource, span.until, span.from, ...(role === undefined ? [] : [role])],
    order: "request",
  };
}
