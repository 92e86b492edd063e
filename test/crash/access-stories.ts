import pg from "pg";
import {
  allIsSaid,
  asks,
  asksAndIsApproved,
  approves,
  givesPastHallpass,
  inTurn,
  pressesInPerson,
  pressesInThread,
  takesPastHallpass,
} from "./deeds.ts";
import type { Stage } from "./stage.ts";
import { lateWords, overdueWords, type Story } from "./story.ts";

const minute = 60;
const approvedNow = ["request.created", "approval.given", "request.approved", "grant.started"] as const;
const takenNow = ["request.created", "request.approved", "grant.started"] as const;
const asked = "you asked for";
const granted = { thread: ["Approved by", "Granted to"], requester: [asked, "approved.", "you have access"] };

/** Somebody is at work with the access: as PostgreSQL sees it, a session of theirs. */
let session: pg.Client | undefined;

async function begins({ guarded }: Stage): Promise<void> {
  const url = new URL(guarded.url);
  url.username = guarded.names.subject("alice");
  url.password = "test";
  session = new pg.Client({ connectionString: url.href });
  // It is ended with the access.
  session.on("error", () => undefined);
  await session.connect();
}

async function leaves(): Promise<void> {
  await session?.end();
  session = undefined;
}

const isAway = ({ guardedNetwork }: Stage): Promise<unknown> => guardedNetwork.cut();
const isBack = ({ guardedNetwork }: Stage): Promise<unknown> => guardedNetwork.restore();

/** It has failed often: the next attempt is an hour away. */
function waitsLong(stage: Stage): Promise<unknown> {
  return stage.query(
    "update effects set retry_at = now() + interval '1 hour' where kind = 'revoke' and done_at is null",
  );
}

/** That it is overdue is said wherever it is to be, and that is remembered. */
function overdueIsSaid(stage: Stage): Promise<unknown> {
  return stage.slack.until(
    async () =>
      (
        await stage.query(
          "select 1 from overdue_grants where step > 0 and least(thread_step, alerts_step) >= step",
        )
      ).length > 0,
    "what is overdue to be said",
  );
}

/** Access: asked for, granted, ended. */
export const accessStories: readonly Story[] = [
  {
    name: "asked for, approved, granted, expired",
    steps: [
      { dies: "before commit of file", does: asks("orders-db read 9m nobody heard me") },
      {
        dies: "after commit of file",
        does: asks("orders-db read 9m asked again"),
        audited: ["request.created"],
      },
      { dies: "before post_request" },
      { dies: "before commit of place" },
      { dies: "after commit of place" },
      { dies: "after post_request" },
      { dies: "before commit of approve", does: approves },
      {
        dies: "after commit of approve",
        does: approves,
        audited: ["approval.given", "request.approved", "grant.started"],
      },
      { dies: "before grant" },
      { dies: "between grant and read-back", holds: true },
      { dies: "before commit of grant_unsettled", before: isAway },
      { dies: "after commit of grant_unsettled", audited: ["grant.unsettled"] },
      { dies: "before commit of grant_succeeded", before: isBack, times: 2 },
      { dies: "after grant", audited: ["grant.active"] },
      { dies: "before commit of revoke", laterSeconds: 9 * minute },
      { dies: "after commit of revoke", audited: ["grant.revoking"] },
      { dies: "between revoke and read-back", holds: false },
      { dies: "before commit of revoke_succeeded", times: 2 },
    ],
    audited: ["grant.revoked"],
    said: [
      {
        thread: ["Approved by", "was interrupted", "Granted to", "Revoked and verified"],
        requester: [asked, "approved.", "not known yet", "you have access", "your access ended"],
        alerts: ["was interrupted"],
      },
    ],
  },
  {
    name: "used for a while, then idle, and given again by somebody else",
    steps: [
      {
        dies: "after commit of grant_succeeded",
        does: asksAndIsApproved("idle-db read 4h looking"),
        audited: [...approvedNow, "grant.active"],
        holds: true,
      },
      { dies: "before commit of note_use", laterSeconds: 2 * minute, before: begins },
      { dies: "after commit of note_use" },
      {
        dies: "after commit of revoke_succeeded",
        laterSeconds: 31 * minute,
        before: leaves,
        audited: ["grant.revoking", "grant.revoked"],
        holds: false,
      },
      {
        dies: "before commit of take_back",
        laterSeconds: 11 * minute,
        before: givesPastHallpass("read", "alice"),
        holds: true,
      },
      { dies: "after commit of take_back", audited: ["grant.reappeared"] },
    ],
    audited: ["grant.revoked"],
    said: [
      {
        thread: [...granted.thread, "(it was not used)", "is there again", "Revoked and verified"],
        requester: [...granted.requester, "your access ended", "is there again", "your access ended"],
        alerts: ["is there again", "was there again after its end"],
      },
    ],
  },
  {
    name: "taken away by somebody else before its end, and given again",
    steps: [
      {
        dies: "after commit of grant_succeeded",
        does: asksAndIsApproved("orders-db read 1h looking"),
        audited: [...approvedNow, "grant.active"],
        holds: true,
      },
      {
        dies: "before commit of vanish",
        laterSeconds: 11 * minute,
        before: takesPastHallpass("read", "alice"),
        holds: false,
      },
      { dies: "after commit of vanish", audited: ["grant.vanished"] },
      {
        dies: "before commit of come_back",
        laterSeconds: 11 * minute,
        before: givesPastHallpass("read", "alice"),
        holds: true,
      },
      { dies: "after commit of come_back", audited: ["grant.came_back"] },
    ],
    before: (stage) => stage.letPass(60 * minute),
    audited: ["grant.revoking", "grant.revoked"],
    said: [
      {
        thread: [...granted.thread, "is gone before its end", "Revoked and verified"],
        requester: [...granted.requester, "is gone before its end", "your access ended"],
      },
    ],
  },
  {
    name: "reminded of its end, not taken away at first, tried again by hand",
    steps: [
      {
        dies: "after grant",
        does: asksAndIsApproved("orders-db read 20m looking"),
        audited: [...approvedNow, "grant.active"],
        holds: true,
      },
      { dies: "after remind_expiry", laterSeconds: 15 * minute },
      {
        dies: "before commit of revoke_failed",
        laterSeconds: 5 * minute,
        before: isAway,
        audited: ["grant.revoking"],
      },
      { dies: "after commit of revoke_failed", audited: ["revocation.failed"] },
      { dies: "before commit of overdue", laterSeconds: 30, before: waitsLong, does: allIsSaid },
      { dies: "after commit of overdue", audited: ["revocation.overdue"] },
      {
        dies: "before commit of hasten",
        does: inTurn(allIsSaid, overdueIsSaid, pressesInThread("carol", "Try now")),
      },
      { dies: "after commit of hasten", before: isBack, does: pressesInThread("carol", "Try now") },
      { dies: "after revoke", audited: ["grant.revoked"], holds: false },
    ],
    said: [
      {
        thread: [...granted.thread, "could not be taken away", overdueWords, "Revoked and verified"],
        requester: [...granted.requester, "your access ends", "your access ended"],
        alerts: ["could not be taken away", overdueWords, "Revoked and verified"],
      },
    ],
  },
  {
    name: "cannot be granted",
    steps: [
      {
        dies: "before commit of grant_failed",
        does: asksAndIsApproved("ghost-db any 9m boo"),
        audited: approvedNow,
      },
      { dies: "after commit of grant_failed", audited: ["grant.failed"] },
    ],
    audited: ["grant.revoked"],
    said: [
      {
        thread: ["Approved by", "The grant failed before"],
        requester: [asked, "approved.", "could not be granted"],
        alerts: ["The grant failed"],
      },
    ],
  },
  {
    name: "extended, and once too late",
    requester: "erin",
    steps: [
      {
        dies: "before extend_access",
        does: inTurn(asks("longer-db read 9m looking", "erin"), pressesInPerson("Extend by 30m", "erin")),
        audited: [...takenNow, "grant.active", [2, "request.created"], [2, "request.approved"]],
        holds: true,
      },
      { dies: "before commit of extend" },
      { dies: "after commit of extend", audited: ["grant.extended"] },
      {
        dies: "after commit of file",
        does: pressesInPerson("Extend by 30m", "erin"),
        audited: [
          [3, "request.created"],
          [3, "request.approved"],
        ],
      },
      {
        dies: "before commit of extension_failed",
        laterSeconds: 70 * minute,
        meanwhile: ["grant.revoking", "grant.revoked"],
        holds: "either",
      },
      { dies: "after commit of extension_failed", audited: [[3, "extension.failed"]] },
    ],
    said: [
      { thread: ["at once", "Granted to", "Extended by", "Revoked and verified"], alerts: [lateWords] },
      { thread: ["at once"] },
      { thread: ["at once", "could not be extended"] },
    ],
  },
];
