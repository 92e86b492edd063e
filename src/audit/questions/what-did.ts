import { eventText } from "../../words/event-words.ts";
import { nameOf } from "../../words/people.ts";
import { byRequest, type Held, heldByRequest } from "./held-by-request.ts";
import { heldIn, type Span } from "./holdings.ts";
import type { AuditReader, LoggedEvent, Where } from "./read-events.ts";
import type { WhatQuestion } from "./questions.ts";

/** Something that happened, in words. */
export type Deed = {
  readonly at: Date;
  readonly type: string;
  readonly text: string;
  readonly request?: string;
  readonly access?: string;
};

export type WhatAnswer =
  /** A request of theirs; `deeds`: what became of it, `held`: what they got through it. */
  | {
      readonly kind: "asked";
      readonly person: string;
      readonly request: string;
      readonly access: string;
      readonly rule?: string;
      readonly policyVersion?: string;
      readonly deeds: readonly Deed[];
      readonly held: readonly Held[];
    }
  /** What they did outside their own requests: decisions on others', lockdowns, readings of the audit. */
  | ({ readonly kind: "did" } & Deed);

/** Finds what a person asked for, got, was refused and decided, request by request; what belongs to none comes last. */
export async function* whatDid(
  reader: AuditReader,
  { person, span }: WhatQuestion,
): AsyncIterable<WhatAnswer> {
  const numbers = await reader.personNumbers(person);
  for await (const events of byRequest(reader.events(eventsAbout(person, numbers)))) {
    const [first] = events;
    if (isTheirs(events)) {
      const held = heldByRequest(events);
      const isAsked = !span || events.some((event) => isIn(event, span));
      if (!isAsked && !held.some((each) => heldIn(each, span))) continue;
      yield {
        kind: "asked",
        person: first.requester ?? "somebody unknown",
        request: first.request ?? first.requestId ?? "no request",
        access: accessOf(first),
        ...(first.rule === undefined ? {} : { rule: first.rule }),
        ...(first.policyVersion === undefined ? {} : { policyVersion: first.policyVersion }),
        deeds: events.filter(({ type }) => becameOfIt.has(type)).map(deedOf),
        held,
      };
    } else {
      for (const event of events) if (!span || isIn(event, span)) yield { kind: "did", ...deedOf(event) };
    }
  }
}

/** Events that say how a request was answered; what it gave is reported as holdings. */
const becameOfIt: ReadonlySet<string> = new Set([
  "request.created",
  "request.refused",
  "approval.given",
  "request.approved",
  "request.denied",
  "request.cancelled",
  "request.expired",
  "request.lapsed",
  "decision.refused",
  "extension.failed",
  "break_glass.used",
  "break_glass.reviewed",
  "break_glass.overdue",
]);

/** Only their own requests are read in full, including the first event. */
function isTheirs([first]: readonly LoggedEvent[]): boolean {
  return first?.type === "request.created" || first?.type === "request.refused";
}

function isIn({ at }: LoggedEvent, { from, until }: Span): boolean {
  return at >= from && at < until;
}

/** An event in words; if this version of Hallpass could not have written it, by its type. */
export function deedOf(logged: LoggedEvent): Deed {
  const { at, type, actor, event, request, resource } = logged;
  return {
    at,
    type,
    text: event ? eventText(event) : `${type} by ${nameOf(actor)}, which this version cannot read`,
    ...(request === undefined ? {} : { request }),
    ...(resource === undefined ? {} : { access: accessOf(logged) }),
  };
}

/** The access that an event's request asked for. */
export function accessOf({ resource = "?", role = "?" }: LoggedEvent): string {
  return `${resource}:${role}`;
}

function eventsAbout(person: string, numbers: readonly number[]): Where {
  return {
    with: `about as materialized (
      select seq from audit_events where requester_person = any ($1::int[])
      union
      select seq from audit_events where actor_person = any ($1::int[])
      union
      select seq from audit_events
      where requester_person is null and requester_email is not null and lower(requester_email) = $2
      union
      select seq from audit_events
      where actor_person is null and actor_email is not null and lower(actor_email) = $2
    )`,
    sql: "e.seq in (select seq from about)",
    values: [numbers, person],
    order: "request",
  };
}
