import type { AccountChange, Deed, Step, Unrest } from "./history.ts";
import type { Someone } from "./policy.ts";

const approvedBy = (who: Someone, times = 1): Deed => ({
  do: "click",
  who,
  request: 0,
  button: "Approve",
  times,
  copies: 1,
});

const showing = (who: Someone, change: AccountChange, isMissed: boolean): Unrest => ({
  do: "account",
  who,
  change,
  isMissed,
});

/** Run before all others: where such systems are known to have gone wrong. */
export const knownHistories: readonly (readonly Step[])[] = [
  // The end of one grant takes away what another still gives.
  [
    { do: "get", who: "alice", access: "tool read", minutes: 10 },
    { do: "get", who: "alice", access: "tool copy", minutes: 60 },
    { do: "pass", minutes: 11 },
    { do: "pass", minutes: 61 },
  ],
  // Access is ended while the provider is still being asked for it.
  [
    { do: "ask", who: "alice", access: "tool write", minutes: 30, isBreakGlass: false },
    approvedBy("carol"),
    {
      do: "meanwhile",
      fault: { kind: "answers late", milliseconds: 800 },
      one: approvedBy("dana"),
      other: { do: "click", who: "alice", request: 0, button: "End access", times: 1, copies: 1 },
    },
  ],
  // It was given and nobody heard of it; then Hallpass dies, and it is over before anybody is back.
  [
    { do: "provider", fault: { kind: "does it and drops the connection" }, calls: ["grant"], times: 9 },
    {
      do: "ask",
      who: "erin",
      access: "tool read",
      minutes: 10,
      isBreakGlass: false,
    },
    {
      do: "crash later",
      at: { wire: "provider", nth: 2, when: "before it is answered" },
      minutes: 1,
      deadMinutes: 11,
    },
    { do: "heal" },
  ],
  // One person counts once, and two at the same instant make one decision.
  [
    { do: "ask", who: "alice", access: "vault open", minutes: 30, isBreakGlass: false },
    approvedBy("carol", 2),
    { do: "both", one: approvedBy("bob", 2), other: approvedBy("bob"), afterMs: 0 },
  ],
  // Another system answers where the provider leads, by the time access there ends.
  [
    { do: "get", who: "alice", access: "tool read", minutes: 10 },
    { do: "another server" },
    { do: "pass", minutes: 11 },
    { do: "pass", minutes: 5 },
    { do: "heal" },
  ],
  // The provider says that it is gone, and it is not.
  [
    { do: "provider", fault: { kind: "answers 200 but does nothing" }, calls: ["revoke"], times: 2 },
    { do: "get", who: "alice", access: "tool read", minutes: 10 },
    { do: "pass", minutes: 11 },
    { do: "heal" },
  ],
  // What an earlier attempt gave is not what the person held before.
  [
    { do: "provider", fault: { kind: "does it and answers 500" }, calls: ["grant"], times: 1 },
    { do: "get", who: "alice", access: "tool read", minutes: 10 },
    { do: "pass", minutes: 1 },
    { do: "pass", minutes: 11 },
  ],
  // Nobody decides their own request, by a second account neither.
  [
    { do: "ask", who: "alice", access: "tool read", minutes: 30, isBreakGlass: false },
    approvedBy("alice"),
    approvedBy("alice2"),
    approvedBy("greta"),
    { do: "click", who: "carol", request: 0, button: "Deny", times: 1, copies: 1 },
  ],
  // Nor by another address that may approve it, and nobody counts twice by two.
  [
    { do: "ask", who: "alice", access: "vault open", minutes: 30, isBreakGlass: false },
    showing("alice", { shows: "anna@example.com" }, false),
    approvedBy("alice"),
    approvedBy("carol"),
    showing("carol", { shows: "a fresh address" }, false),
    showing("carol", { showsThatOf: "bob", losing: true }, true),
    approvedBy("carol"),
    approvedBy("bob"),
  ],
  // Whoever shows the address of a colleague who keeps it is one person with them.
  [
    { do: "get", who: "bob", access: "tool copy", minutes: 10 },
    { do: "get", who: "alice", access: "tool copy", minutes: 10 },
    { do: "ask", who: "alice", access: "tool write", minutes: 30, isBreakGlass: false },
    showing("alice", { showsThatOf: "bob", losing: false }, false),
    approvedBy("bob"),
    approvedBy("carol"),
  ],
  // Whoever has become a guest approves nothing, though Slack told nobody and they are still remembered as a member.
  [
    { do: "get", who: "alice", access: "tool read", minutes: 10 },
    {
      do: "get despite",
      who: "alice",
      access: "tool copy",
      before: "the last approval",
      about: "the last approver",
      unrest: showing("carol", { is: "guest" }, true),
    },
  ],
  // Nor does what they have last longer.
  [
    { do: "get", who: "erin", access: "tool read", minutes: 30 },
    showing("erin", { is: "guest" }, true),
    { do: "click", who: "requester", request: 0, button: "Extend", times: 1, copies: 1 },
  ],
  // Access is not given to who has left between the approval and the grant.
  [
    {
      do: "get despite",
      who: "alice",
      access: "tool write",
      before: "the grant",
      about: "who asks",
      unrest: showing("alice", { is: "deactivated" }, true),
    },
  ],
  // What was shown is what is granted, and what who is locked down approved does not count.
  [
    {
      do: "get despite",
      who: "alice",
      access: "tool read",
      before: "the last approval",
      about: "who asks",
      unrest: { do: "policy", name: "moved" },
    },
    {
      do: "get despite",
      who: "alice",
      access: "vault open",
      before: "the last approval",
      about: "the first approver",
      unrest: { do: "lock down", by: "dana", whom: "carol" },
    },
  ],
];
