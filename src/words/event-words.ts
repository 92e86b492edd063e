import type { AuditEvent, EventType } from "../domain/audit-event.ts";
import type { AccessRequest } from "../domain/request/request.ts";
import { approvalWords } from "./approval-words.ts";
import { auditWords } from "./audit-words.ts";
import { breakGlassWords } from "./break-glass-words.ts";
import { driftWords } from "./drift-words.ts";
import { grantWords } from "./grant-words.ts";
import { lockdownWords } from "./lockdown-words.ts";
import { personWords } from "./person-words.ts";
import { policyWords } from "./policy-words.ts";
import { requestWords } from "./request-words.ts";
import { revocationWords } from "./revocation-words.ts";
import type { EventWords, Told } from "./told.ts";

/** All that is said of each event. */
const eventWords: { readonly [T in EventType]: EventWords<T> } = {
  ...requestWords,
  ...approvalWords,
  ...breakGlassWords,
  ...grantWords,
  ...revocationWords,
  ...driftWords,
  ...lockdownWords,
  ...policyWords,
  ...auditWords,
  ...personWords,
};

/** An event in a sentence for people; who and when are in it or shown beside it. */
export function eventText<T extends EventType>(event: AuditEvent<T>): string {
  return eventWords[event.type].record(event);
}

/** An event in words for the request's thread and the alerts channel. `undefined`: not worth a message there. */
export function toThread<T extends EventType>(event: AuditEvent<T>): Told | undefined {
  return eventWords[event.type].thread?.(event);
}

/** An event in words for the requester. `undefined`: not worth a message. */
export function toRequester<T extends EventType>(
  event: AuditEvent<T>,
  request: AccessRequest,
): Told | undefined {
  return eventWords[event.type].requester?.(event, request);
}

/** An event that is about no request, in words for the alerts channel. `undefined`: no alert is sent for it. */
export function toAlerts<T extends EventType>(event: AuditEvent<T>): string | undefined {
  return eventWords[event.type].alerts?.(event);
}
