import { setTimeout as sleep } from "node:timers/promises";
import type { Channel, Message, User } from "../../playground/slack/model.ts";
import {
  approveActionId,
  denyActionId,
  endActionId,
  reviewActionId,
} from "../../src/slack/views/approval-message.ts";
import { cancelActionId, extendActionId, tryNowActionId } from "../../src/slack/views/event-message.ts";
import type { Button, Deed, SlackTrouble, Step } from "./history.ts";
import type { Someone } from "./policy.ts";
import type { Asked } from "./record.ts";
import type { ModelWorld } from "./world.ts";

/** What one history has done so far and a check has to know. */
export type Course = {
  readonly since: number;
  /** Who left, and after which line of the audit nothing of theirs may count. */
  readonly left: Map<string, number>;
  readonly startedAt: number;
};

const actionIds: Readonly<Record<Button, string>> = {
  Approve: approveActionId,
  Deny: denyActionId,
  "End access": endActionId,
  Extend: extendActionId,
  Cancel: cancelActionId,
  "Try now": tryNowActionId,
};

/** Does one step and waits until Hallpass has done what follows from it. */
export async function perform(world: ModelWorld, course: Course, step: Step): Promise<void> {
  switch (step.do) {
    case "ask":
    case "click":
      await act(world, course, step);
      break;
    case "both":
      await Promise.all([
        act(world, course, step.one),
        sleep(step.afterMs).then(() => act(world, course, step.other)),
      ]);
      break;
    case "get":
      await get(world, course, step);
      break;
    case "meanwhile": {
      const calls = world.provider.log().length;
      world.provider.fail(step.fault);
      const first = act(world, course, step.one);
      const end = performance.now() + 300;
      while (world.provider.log().length === calls && performance.now() < end) await sleep(2);
      await Promise.all([first, act(world, course, step.other)]);
      break;
    }
    case "pass":
      world.pass(step.minutes);
      break;
    case "pass and":
      world.pass(step.minutes);
      await sleep(step.afterMs);
      await act(world, course, step.deed);
      break;
    case "provider":
      world.provider.fail(step.fault, step.calls, step.times);
      break;
    case "provider down":
      await world.provider.down();
      break;
    case "slack":
      trouble(world, step.trouble);
      break;
    case "leave":
      await leave(world, course, step.who);
      break;
    case "crash": {
      const died = world.dieAt(step.at);
      const done = act(world, course, step.during).then(() => world.settle());
      await Promise.race([died, done]);
      await world.crash();
      await done.catch(() => undefined);
      world.pass(step.minutes);
      await world.start();
      break;
    }
    case "crash later": {
      const died = world.dieAt(step.at);
      world.pass(step.minutes);
      await Promise.race([died, world.settle()]);
      await world.crash();
      world.pass(step.deadMinutes);
      await world.start();
      break;
    }
    case "heal":
      await world.heal();
      world.pass(6);
      break;
  }
  await world.settle();
}

async function act(world: ModelWorld, course: Course, deed: Deed): Promise<void> {
  const { slack } = world;
  if (deed.do === "ask") {
    const user = userNamed(world, deed.who);
    const words = `${deed.access} ${deed.minutes}m ${deed.isBreakGlass && deed.access === "vault open" ? "break-glass " : ""}because`;
    await slack.interactions.command(user, channelNamed(world, "general"), "/request-access", words);
    return;
  }
  const requests = await world.asked(course.since);
  const request = requests.at(-1 - (deed.request % Math.max(1, requests.length)));
  const message = request && approvalMessage(world, request);
  // Nobody presses a button that Slack does not show.
  if (!request || !message) return;
  const user = deed.who === "requester" ? userWith(world, request.requester) : userNamed(world, deed.who);
  const value = deed.button === "Try now" ? grantOf(request) : request.id;
  if (value === undefined) return;
  const action = { type: "button", block_id: "own", action_id: actionIds[deed.button], value };
  const place = { kind: "message" as const, message, channel: channelNamed(world, "access-requests") };
  const press = (): Promise<unknown> =>
    slack.interactions.act(user, place, action, { times: deed.copies, how: "concurrently" });
  await Promise.all(Array.from({ length: deed.times }, press));
  if (deed.button === "Deny") await sayWhy(world, user.name);
}

async function get(
  world: ModelWorld,
  course: Course,
  { who, access, minutes }: Extract<Step, { do: "get" }>,
): Promise<void> {
  const second: Someone = access === "tool write" ? "dana" : who === "bob" ? "alice" : "bob";
  const approvers: readonly Someone[] =
    access === "tool write" || access === "vault open" ? ["carol", second] : ["carol"];
  await act(world, course, { do: "ask", who, access, minutes, isBreakGlass: false });
  for (const approver of approvers) {
    await world.settle();
    const click = { do: "click", request: 0, button: "Approve", times: 1, copies: 1 } as const;
    await act(world, course, { ...click, who: approver });
  }
}

/** Where a form opens for it, the reason is given. */
async function sayWhy({ slack }: ModelWorld, who: string): Promise<void> {
  const person = slack.as(who);
  const heard = person.ephemerals().length;
  const end = performance.now() + 100;
  while (person.modal() === undefined && person.ephemerals().length === heard && performance.now() < end)
    await sleep(3);
  if (person.modal() === undefined) return;
  await person.fills("Reason", "not today");
  await person.submits();
  if (person.modal() !== undefined) await person.closes({ all: true });
}

/** The message of a request; where an answer of Slack was lost there may be two, and people see the latest. */
export function approvalMessage({ slack }: ModelWorld, { number }: Asked): Message | undefined {
  const name = new RegExp(`\\bAR-${number}\\b`, "u");
  const channel = slack.workspace.findChannel("access-requests");
  return slack.workspace
    .messages(channel?.id ?? "")
    .findLast(({ text, threadTs }) => threadTs === undefined && name.test(text));
}

function grantOf({ lines }: Asked): string | undefined {
  return lines.find(({ type }) => type === "grant.started")?.grantId ?? undefined;
}

async function leave(world: ModelWorld, course: Course, who: string): Promise<void> {
  if (!world.isSlackWell) return;
  const { email } = userNamed(world, who);
  const accounts = world.slack.workspace.users().filter((user) => user.email === email);
  for (const { name } of accounts) await world.slack.changeUser(name, { deleted: true });
  const delivered = world.slack.deliveries().at(-1);
  if (delivered?.status !== 200) return;
  // Slack has its answer before the access has ended; that it ends is what is waited for here.
  const end = performance.now() + 3_000;
  for (;;) {
    const requests = (await world.asked(course.since)).filter(({ requester }) => requester === email);
    const lines = requests.flatMap((one) => one.lines);
    const ended = new Set(
      lines
        .filter(({ type }) => type === "grant.revoking" || type === "grant.failed")
        .map(({ grantId }) => grantId),
    );
    const isOpen =
      requests.some(({ status }) => status === "pending") ||
      lines.some(({ type, grantId }) => type === "grant.started" && !ended.has(grantId));
    if (!isOpen) {
      const all = (await world.asked(course.since)).flatMap((one) => one.lines);
      course.left.set(email, Math.max(0, ...all.map(({ seq }) => seq)));
      return;
    }
    if (performance.now() > end) throw new Error(`${email} has left, and what they have or ask for goes on`);
    await sleep(5);
  }
}

/** Somebody looks at each use of break-glass, so that nobody is reminded of it in the histories to come. */
export async function review(world: ModelWorld, { since }: Course): Promise<void> {
  const { slack } = world;
  const reviewer = slack.as("dana");
  for (const request of await world.asked(since)) {
    const message = approvalMessage(world, request);
    const isTaken = request.lines.some(({ type }) => type === "break_glass.used");
    if (!isTaken || !message) continue;
    const action = { type: "button", block_id: "own", action_id: reviewActionId, value: request.id };
    const channel = channelNamed(world, "access-requests");
    await slack.interactions.act(userNamed(world, "dana"), { kind: "message", message, channel }, action);
    await slack.until(() => reviewer.modal(), "the form to review break-glass");
    await reviewer.chooses("Break-glass", "It was justified");
    await reviewer.fills("What you found", "nothing");
    await reviewer.submits();
  }
}

/** Everybody is back. */
export async function welcomeBack({ slack }: ModelWorld): Promise<void> {
  for (const { name, deleted } of slack.workspace.users())
    if (deleted && name !== "dave") await slack.changeUser(name, { deleted: false });
}

function trouble(world: ModelWorld, what: SlackTrouble): void {
  const { faults } = world.slack;
  switch (what) {
    case "down":
    case "gone":
      faults.down(what === "down" ? "unavailable" : "destroyed");
      world.isSlackWell = false;
      return;
    case "slow":
      faults.slow(30);
      return;
    case "too many":
      // As short as Slack says it: Hallpass holds a channel back by the machine's time, which the world's clock does not move.
      faults.rateLimit(undefined, 1, 3);
      world.isSlackWell = false;
      return;
    case "fails":
      faults.failNext("chat.postMessage", "internal_error", 2);
      return;
    case "answer lost":
      faults.loseAnswer("chat.postMessage", 2);
      world.lostAnswers = true;
      return;
    case "twice":
      faults.duplicateDeliveries(2);
  }
}

function userNamed({ slack }: ModelWorld, name: string): User {
  const user = slack.workspace.users().find((one) => one.name === name);
  if (!user) throw new Error(`nobody is called ${name}`);
  return user;
}

function userWith({ slack }: ModelWorld, email: string): User {
  const user = slack.workspace.users().find((one) => one.email === email);
  if (!user) throw new Error(`nobody has the address ${email}`);
  return user;
}

function channelNamed({ slack }: ModelWorld, name: string): Channel {
  const channel = slack.workspace.findChannel(name);
  if (!channel) throw new Error(`no channel is called ${name}`);
  return channel;
}
