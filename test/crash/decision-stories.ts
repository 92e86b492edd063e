import { ask, threadSays } from "../support/ask.ts";
import {
  asks,
  asksAndIsApproved,
  denies,
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
 */
export const decisionStories: readonly Story[] = [
  {
    name: "a policy comes into force",
    steps: [{ dies: "before commit of policy" }, { dies: "after commit of policy" }],
    said: [],
  },
  {
    name: "nobody answers: reminded, escalated, expired",
    steps: [
      { dies: "before tell_requester", does: asks("urgent-db read 9m hello"), audited: ["request.created"] },
      { dies: "after tell_requester" },
      { dies: "before remind_request", laterSeconds: 20 * minute },
      { dies: "before commit of remind" },
      { dies: "after commit of remind", audited: ["request.reminded"] },
      { dies: "before escalate_request", laterSeconds: 10 * minute },
      { dies: "before commit of escalate" },
      { dies: "after commit of escalate", audited: ["request.escalated"] },
      { dies: "before expire_request", laterSeconds: 2 * hour },
      { dies: "before commit of expire" },
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
    name: "denied",
    steps: [
      {
        dies: "before commit of deny",
        does: inTurn((stage) => ask(stage, "alice", "orders-db read 9m looking"), denies),
        audited: ["request.created"],
      },
      { dies: "after commit of deny", does: denies, audited: ["request.denied"] },
      { dies: "before update_request" },
      { dies: "after update_request" },
      { dies: "before tell_thread" },
      { dies: "after tell_thread" },
    ],
    said: [{ thread: ["Denied by"], requester: [asked, "denied by"] }],
  },
  {
    name: "nobody answers, each deadline done and not told",
    steps: [
      { dies: "after post_request", does: asks("urgent-db read 9m hello"), audited: ["request.created"] },
      { dies: "after remind_request", laterSeconds: 21 * minute, audited: ["request.reminded"] },
      { dies: "after escalate_request", laterSeconds: 10 * minute, audited: ["request.escalated"] },
      { dies: "after expire_request", laterSeconds: 2 * hour, audited: ["request.expired"] },
    ],
    said: [
      {
        thread: ["Still waiting for", "these may now too", "Nobody decided in time"],
        requester: [asked, "nobody decided in time"],
      },
    ],
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
      { dies: "before lapse_request", laterSeconds: hour },
      { dies: "before commit of lapse" },
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
        audited: ["request.created", "break_glass.used", "request.approved", "grant.started", "grant.active"],
        holds: true,
      },
      {
        dies: "after revoke",
        laterSeconds: 9 * minute,
        audited: ["grant.revoking", "grant.revoked"],
        holds: false,
      },
      { dies: "before check_review", laterSeconds: 24 * hour },
      { dies: "before commit of check_review" },
      { dies: "after commit of check_review", audited: ["break_glass.overdue"] },
      { dies: "after check_review", laterSeconds: 24 * hour, audited: ["break_glass.overdue"] },
      { dies: "before commit of review", does: objects },
      { dies: "after commit of review", does: objects, audited: ["break_glass.reviewed"] },
      { dies: "before tell_alerts" },
      { dies: "after tell_alerts" },
    ],
    said: [
      {
        thread: [
          "Taken at once",
          "Granted to",
          "Revoked and verified",
          "Nobody has reviewed",
          "Nobody has reviewed",
          "found not justified",
        ],
        requester: ["approved.", "you have access", "your access ended", "found not justified"],
        alerts: [
          "Access taken by break-glass",
          "Nobody has reviewed",
          "Nobody has reviewed",
          "found not justified",
        ],
      },
    ],
  },
  {
    name: "tried to approve by whoever asked",
    steps: [
      {
        dies: "before commit of event",
        does: inTurn((stage) => ask(stage, "alice", "orders-db read 9m looking"), approvesOwn),
        audited: ["request.created"],
      },
      { dies: "after commit of event", does: approvesOwn, audited: ["decision.refused"] },
    ],
    said: [{ thread: [], requester: [asked], buttons: ["Approve", "Deny"] }],
  },
  {
    name: "approved and never started, lapsed and not told",
    steps: [
      {
        dies: "after update_request",
        does: asksAndIsApproved("waiting-db read 9m never"),
        audited: approvedOnly,
      },
      { dies: "after lapse_request", laterSeconds: hour, audited: ["request.lapsed"] },
    ],
    said: [
      {
        thread: ["The person who asked starts it", "not started in time"],
        requester: [asked, "Start it when you need it", "it was not started in time"],
      },
    ],
  },
  {
    name: "closed because whoever asked has left",
    steps: [
      {
        dies: "before commit of abandon",
        does: async (stage) => {
          await ask(stage, "alice", "orders-db read 9m looking");
          return stage.slack.changeUser("alice", { deleted: true });
        },
        audited: ["request.created"],
      },
      { dies: "after commit of abandon", audited: ["request.cancelled"] },
    ],
    before: ({ slack }) => slack.changeUser("alice", { deleted: false }),
    said: [{ thread: ["Closed: the person has left"] }],
  },
  {
    name: "closed by a lockdown, which is lifted again",
    steps: [
      {
        dies: "before commit of lockdown",
        does: async (stage) => {
          await ask(stage, "alice", "orders-db read 9m looking");
          return locksDown(stage);
        },
        audited: ["request.created"],
      },
      { dies: "after commit of lockdown", does: locksDown, audited: [[0, "lockdown.begun"]] },
      {
        dies: "before commit of lift",
        does: async (stage) => {
          await threadSays(stage, stage.latest(), "Closed: lockdown");
          return lifts(stage);
        },
        audited: ["request.cancelled"],
      },
      { dies: "after commit of lift", does: lifts, audited: [[0, "lockdown.lifted"]] },
    ],
    said: [{ thread: ["Closed: lockdown"], requester: [asked, "cancelled."] }],
  },
];
