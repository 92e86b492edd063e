/** Why a command does not apply. A refusal is an ordinary answer, not an error. */
export const refusals = [
  "own_request",
  "not_approver",
  "decided_before",
  "repeated",
  "policy_changed",
  "not_requester",
  "too_late",
  "too_early",
  "already_approved",
  "already_denied",
  "already_cancelled",
  "already_expired",
  "already_refused",
  "not_approved",
  "no_such_grant",
  "grant_not_started",
  "grant_already_active",
  "grant_ending",
  "grant_ended",
] as const;
export type Refusal = (typeof refusals)[number];

/** One sentence a person, each. */
export const refusalText: Readonly<Record<Refusal, string>> = {
  own_request: "Nobody decides their own request. Somebody else who may approve it has to.",
  not_approver: "You are not among the people who may decide this request.",
  decided_before: "You have already decided this request; it takes somebody else now.",
  repeated: "This click was already counted.",
  policy_changed:
    "The policy does not let this request be approved any more. The person can ask again under today's rules.",
  not_requester: "Only the person who asked can do this.",
  too_late: "The time to decide this request is over.",
  too_early: "It is not time for this yet.",
  already_approved: "This request is already approved.",
  already_denied: "This request is already denied.",
  already_cancelled: "This request was cancelled by the person who asked.",
  already_expired: "This request expired before it was decided.",
  already_refused: "The policy refused this request.",
  not_approved: "This request is not approved.",
  no_such_grant: "This request has no such grant.",
  grant_not_started: "The access is not there yet.",
  grant_already_active: "The access is already active.",
  grant_ending: "The access is already being taken away.",
  grant_ended: "The access has already ended.",
};
