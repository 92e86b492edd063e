import type { AuditEvent, eventData, EventType } from "../domain/audit-event.ts";
import type { AccessRequest } from "../domain/request/request.ts";
import type { Piece } from "./piece.ts";

/** What is said of an event of this type, and to whom. */
export type EventWords<T extends EventType> = {
  /** A sentence for the record: answers of the command line, reports. Who and when are in it or shown beside it. */
  readonly record: (event: AuditEvent<T>) => string;
  /** For the request's thread and the alerts channel; absent: not worth a message there. */
  readonly thread?: (event: AuditEvent<T>) => Told;
  /** For the requester alone, after the request's name; absent: not worth a message. */
  readonly requester?: (event: AuditEvent<T>, request: AccessRequest) => Told;
  /** For the alerts channel, of an event that is about no request; absent: no alert is sent for it. */
  readonly alerts?: (event: AuditEvent<T>) => string;
};

/** `line` is ours, `said` quotes a person or a provider under it. */
export type Told = { readonly line: readonly Piece[]; readonly said?: string | undefined };

/**
 * The words of each event whose type begins with one of these. The keys are those of the schemas themselves, so that an editor leads
 * from either to the other.
 */
export type FamilyWords<Family extends string> = {
  readonly [T in keyof typeof eventData as T extends `${Family}.${string}` ? T : never]: EventWords<T>;
};
