import { ask, threadSays } from "../support/ask.ts";
import {
  allIsSaid,
  cancelsOwn,
  asks,
  approves,
  asksAndIsApproved,
  denies,
  givesPastHallpass,
  inTurn,
  lifts,
  locksDown,
  objects,
  pressesInPerson,
  approvesOwn,
} from "./deeds.ts";
import type { Story } from "./story.ts";

const minute = 60;
const hour = 60 * minute;
const approvedOnly = ["request.created", "approval.given", "request.approved"] as const;
const asked = "you asked for";

/**
 * Requests: decided, left alone, closed; and what is no request's.
 * The process that ends a story is to die where the next one begins, so no story begins with what the one before still owes.
 * What looks unusual beside the same person's earlier requests is on record too, so who asks for what is chosen with care.
 */
export const decisionStories: readonly Story[] = [
  {
    name: "a policy comes into force, and somebody has what nobody gave here",
    requester: "bob",
    steps: [
      { dies: "before commit of policy" },
      { dies: "after commit of policy", before: givesPastHallpass("write", "bob"), holds: true },
      { dies: "before commit of finding" },
      { dies: "after commit of finding", audited: [[0, "drift.found"]] },
      // It has been taken away, and nobody has said so yet.
      { dies: "before commit of finding", holds: false },
    ],
    until: ({ slack }) =>
      slack.until(
        () =>
          slack
            .channel("#access-alerts")
            .messages()
            .some(({ visibleText }) => visibleText.includes("Taken away, and verified gone")),
        "the removal to be told",
      ),
    audited: [[0, "drift.removed"]],
    said: [],
  },
  {
    name: "nobody answers: reminded, escalated, refused to whoever asked, expired",
    steps: [
      { dies: "after tell_requester", does: asks("urgent-db read 9m hello"), audited: ["request.created"] },
      { dies: "before commit of remind", laterSeconds: 20 * minute },
      { dies: "after commit of remind", audited: ["request.reminded"] },
      { dies: "before commit of escalate", laterSeconds: 10 * minute },
      { dies: "after commit of escalate", audited: ["request.escalated"] },
      // Once it is closed, nobody is asked any more.
      { dies: "before commit of event", does: inTurn(allIsSaid, approvesOwn) },
      { dies: "after commit of event", does: approvesOwn, audited: ["decision.refused"] },
      { dies: "before commit of expire", laterSeconds: 2 * hour },
      { dies: "after commit of expire", audited: ["request.expired"] },
    ],
    said: [
      {
        thread: ["Still waiting for", "these may now too", "Nobody decided in time"],
        requester: [asked, "nobody decided in time"],
      },
    ],
  },
  {
    name: "denied, and asked for again",
    steps: [
      {
        dies: "before commit of deny",
        does: inTurn((stage) => ask(stage, "alice", "urgent-db read 9m looking"), denies),
        audited: ["request.created"],
      },
      { dies: "after commit of deny", does: denies, audited: ["request.denied"] },
      { dies: "after update_request" },
      { dies: "after tell_thread" },
      {
        dies: "before commit of note_flags",
        does: asks("urgent-db read 9m looking again"),
        audited: [[2, "request.created"]],
      },
      { dies: "after commit of note_flags", audited: [[2, "request.flagged"]] },
    ],
    said: [
      { thread: ["Denied by"], requester: [asked, "denied by"] },
      { thread: [], requester: [asked], buttons: ["Approve", "Deny"] },
    ],
  },
  {
    name: "cancelled by whoever asked",
    steps: [
      {
        dies: "before commit of cancel",
        does: inTurn((stage) => ask(stage, "alice", "waiting-db read 9m by mistake"), cancelsOwn),
        audited: ["request.created"],
      },
      {
        dies: "after commit of cancel",
        does: cancelsOwn,
        audited: ["request.cancelled"],
      },
    ],
    said: [{ thread: ["Cancelled by the person who asked"], requester: [asked, "cancelled."] }],
  },
  {
    name: "started by whoever asked",
    steps: [
      {
        dies: "before commit of start",
        does: inTurn(asksAndIsApproved("waiting-db read 9m later"), pressesInPerson("Start access")),
        audited: approvedOnly,
      },
      { dies: "after commit of start", does: pressesInPerson("Start access"), audited: ["grant.started"] },
      { dies: "after grant", audited: ["grant.active"], holds: true },
      {
        dies: "after revoke",
        laterSeconds: 9 * minute,
        audited: ["grant.revoking", "grant.revoked"],
        holds: false,
      },
    ],
    said: [
      {
        thread: ["The person who asked starts it", "Granted to", "Revoked and verified"],
        requester: [asked, "Start it when you need it", "you have access", "your access ended"],
      },
    ],
  },
  {
    name: "approved and never started",
    steps: [
      {
        dies: "after commit of approve",
        does: asksAndIsApproved("waiting-db read 9m never"),
        audited: approvedOnly,
      },
      { dies: "before commit of lapse", laterSeconds: hour },
      { dies: "after commit of lapse", audited: ["request.lapsed"] },
    ],
    said: [
      {
        thread: ["The person who asked starts it", "not started in time"],
        requester: [asked, "Start it when you need it", "it was not started in time"],
      },
    ],
  },
  {
    name: "taken by break-glass, not reviewed for long, then objected to",
    requester: "erin",
    steps: [
      {
        dies: "after grant",
        does: asks("glass-db read 9m break-glass it burns", "erin"),
        audited: ["request.created", "break_glass.used", "grant.started", "grant.active"],
        holds: true,
      },
      {
        dies: "after revoke",
        laterSeconds: 9 * minute,
        audited: ["grant.revoking", "grant.revoked"],
        holds: false,
      },
      { dies: "before commit of check_review", laterSeconds: 24 * hour },
      { dies: "after commit of check_review", audited: ["break_glass.overdue"] },
      // Once it is reviewed, nobody is asked any more.
      { dies: "before commit of review", does: inTurn(allIsSaid, objects) },
      { dies: "after commit of review", does: objects, audited: ["break_glass.reviewed"] },
      { dies: "after tell_alerts" },
    ],
    said: [
      {
        thread: [
          "Access taken by break-glass",
          "Granted to",
          "Revoked and verified",
          "Nobody has reviewed",
          "found not justified",
        ],
        requester: ["taken by break-glass", "you have access", "your access ended", "found not justified"],
        alerts: ["Access taken by break-glass", "Nobody has reviewed", "found not justified"],
      },
    ],
  },
  {
    name: "closed because whoever asked has left",
    requester: "erin",
    steps: [
      {
        dies: "before commit of abandon",
        does: async (stage) => {
          await ask(stage, "erin", "orders-db read 9m looking");
          await allIsSaid(stage);
          return stage.slack.changeUser("erin", { deleted: true });
        },
        audited: ["request.created"],
      },
      { dies: "after commit of abandon", audited: ["request.cancelled"] },
    ],
    before: ({ slack }) => slack.changeUser("erin", { deleted: false }),
    said: [{ thread: ["Closed: the person has left"] }],
  },
  {
    name: "closed by a lockdown, which is lifted again",
    requester: "erin",
    steps: [
      {
        dies: "before commit of lockdown",
        does: async (stage) => {
          await ask(stage, "erin", "orders-db read 9m looking");
          return locksDown()(stage);
        },
        audited: ["request.created"],
      },
      { dies: "after commit of lockdown", does: locksDown(), audited: [[0, "lockdown.begun"]] },
      {
        dies: "before commit of lift",
        does: async (stage) => {
          await threadSays(stage, stage.latest(), "Closed: lockdown");
          return lifts()(stage);
        },
        audited: ["request.cancelled"],
      },
      { dies: "after commit of lift", does: lifts(), audited: [[0, "lockdown.lifted"]] },
    ],
    said: [{ thread: ["Closed: lockdown"], requester: [asked, "cancelled."] }],
  },
  {
    name: "approved by one of two, who is locked down then",
    requester: "bob",
    steps: [
      {
        dies: "before commit of discount",
        does: inTurn(
          (stage) => ask(stage, "bob", "pair-db read 9m together"),
          approves,
          locksDown("carol@example.com"),
        ),
        audited: ["request.created", "approval.given", [0, "lockdown.begun"]],
      },
      {
        dies: "after commit of discount",
        does: locksDown("carol@example.com"),
        audited: ["approval.discounted"],
      },
    ],
    until: lifts("carol@example.com"),
    audited: [[0, "lockdown.lifted"]],
    said: [
      {
        thread: ["Approved by", "does not count any more"],
        requester: [asked, "approved by", "does not count any more"],
        buttons: ["Approve", "Deny"],
      },
    ],
  },
  {
    name: "asked for by somebody who has it already, and keeps it",
    requester: "bob",
    steps: [
      {
        dies: "before commit of note_held",
        before: givesPastHallpass("read", "bob"),
        does: asks("orders-db read 9m by the book", "bob"),
        audited: ["request.created"],
        holds: true,
      },
      { dies: "after commit of note_held", audited: ["request.already_held"] },
      {
        dies: "after commit of note_asked",
        does: inTurn(allIsSaid, approves),
        audited: ["approval.given", "request.approved", "grant.started"],
      },
      { dies: "after grant", audited: ["grant.active"] },
      { dies: "after revoke", laterSeconds: 9 * minute, audited: ["grant.revoking", "grant.revoked"] },
    ],
    keeps: true,
    said: [
      {
        thread: ["Approved by", "They held it before", "keeps it"],
        requester: [asked, "approved.", "you have access", "you keep what you held before"],
      },
    ],
  },
];
