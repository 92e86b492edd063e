import type { AuditEvent } from "../../domain/audit-event.ts";
import { type Consent, consentOf } from "./consent.ts";
import { type Holding, holdingsOf } from "./holdings.ts";
import type { LoggedEvent } from "./read-events.ts";

/** The request that extended access, and who approved it. */
export type Extension = {
  readonly request: string;
  readonly byRule: boolean;
  readonly approvers: readonly string[];
};

/** A period in which somebody had access through a grant, and who allowed it. */
export type Held = Omit<Holding, "extendedBy"> & {
  readonly person: string;
  /** `resource:role`; for a bundle, that of the part. */
  readonly access: string;
  /** What was asked for, if it was a bundle. */
  readonly bundle?: string;
  readonly provider: string;
  readonly subject: string;
  readonly request: string;
  readonly grantId: string;
  readonly rule?: string;
  readonly policyVersion?: string;
  readonly consent: Consent;
  readonly extensions: readonly Extension[];
};

/** Returns everything that a request gave, from its events in log order. */
export function heldByRequest(events: readonly LoggedEvent[]): readonly Held[] {
  const grants = new Map<string, LoggedEvent[]>();
  for (const logged of events) {
    if (logged.grantId === undefined) continue;
    const grant = grants.get(logged.grantId);
    if (grant) grant.push(logged);
    else grants.set(logged.grantId, [logged]);
  }
  const consent = consentOf(events);
  return [...grants].flatMap(([grantId, logged]) => {
    const began = logged.find(({ event }) => event?.type === "grant.started");
    if (began?.event?.type !== "grant.started") return [];
    const { provider, subject } = began.event.data;
    const asked = `${began.resource ?? "?"}:${began.role ?? "?"}`;
    const access = began.event.data.access ?? asked;
    const extensions = new Map(
      logged.flatMap(({ event, extension }): (readonly [string, Extension])[] =>
        event?.type === "grant.extended"
          ? [[event.data.by, { request: event.data.by, ...(extension ?? { byRule: false, approvers: [] }) }]]
          : [],
      ),
    );
    return holdingsOf(eventsOf(logged)).map(({ extendedBy, ...holding }) => ({
      ...holding,
      person: began.requester ?? "somebody unknown",
      access,
      ...(access === asked ? {} : { bundle: asked }),
      provider,
      subject,
      request: began.request ?? began.requestId ?? "no request",
      grantId,
      ...(began.rule === undefined ? {} : { rule: began.rule }),
      ...(began.policyVersion === undefined ? {} : { policyVersion: began.policyVersion }),
      consent,
      extensions: extendedBy.flatMap((request) => extensions.get(request) ?? []),
    }));
  });
}

function eventsOf(logged: readonly LoggedEvent[]): readonly AuditEvent[] {
  return logged.flatMap(({ event }) => event ?? []);
}

/** Groups a log that is sorted by request, one request at a time. */
export async function* byRequest(
  log: AsyncIterable<LoggedEvent>,
): AsyncIterable<readonly [LoggedEvent, ...LoggedEvent[]]> {
  let group: [LoggedEvent, ...LoggedEvent[]] | undefined;
  for await (const logged of log) {
    if (group && group[0].requestId === logged.requestId) group.push(logged);
    else {
      if (group) yield group;
      group = [logged];
    }
  }
  if (group) yield group;
}
