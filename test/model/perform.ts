import { setTimeout as sleep } from "node:timers/promises";
import type { Channel, Message, User } from "../../slack-simulator/model.ts";
import type { Button, Deed, SlackTrouble, Step, Unrest } from "./history.ts";
import { type Access, policyNames, type Someone, targetOf } from "./policy.ts";
import type { Asked } from "./record.ts";
import { put, stir } from "./unrest.ts";
import { type ModelWorld, pairOf } from "./world.ts";

/** What one history has done so far and a check has to know. */
export type Course = {
  readonly since: number;
  readonly startedAt: number;
  /** After which lines of the audit Hallpass was at rest: nothing was being done. */
  readonly rests: number[];
  /** What an administrator took away by hand, and nobody has again. */
  readonly takenByHand: Set<string>;
};

/** Whether some policy gives this for the access. */
function mayBeGivenBy(access: Access, target: Readonly<Record<string, string>>): boolean {
  return policyNames.some(
    (name) => pairOf("", targetOf(name, access.replace(" ", ":"))) === pairOf("", target),
  );
}

const actionIds: Readonly<Record<Button, string>> = {
  Approve: "approve_request",
  Deny: "deny_request",
  "End access": "end_access",
  Extend: "extend_access",
  Cancel: "cancel_request",
  "Try now": "try_revocation",
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
    case "by hand": {
      const pairs = world.provider
        .held()
        .filter(({ subject }) => subject === step.from || (step.from === "alice" && subject === "archer"))
        .filter(({ target }) => mayBeGivenBy(step.access, target));
      for (const { subject, target } of pairs) {
        world.provider.drop(subject, target);
        course.takenByHand.add(pairOf(subject, target));
      }
      break;
    }
    case "provider down":
      await world.provider.down();
      break;
    case "another server":
      world.provider.swap();
      break;
    case "slack":
      await trouble(world, step.trouble);
      break;
    case "leave":
      await leave(world, step.who);
      break;
    case "account":
    case "lock down":
    case "lift":
    case "policy":
      await stir(world, step, true);
      break;
    case "unrest and":
      await Promise.all([
        stir(world, step.unrest, false),
        sleep(step.afterMs).then(() => act(world, course, step.deed)),
      ]);
      break;
    case "get despite":
      await getDespite(world, course, step);
      break;
    case "review": {
      const request = (await world.asked(course.since)).at(-1 - step.request);
      const who = step.who === "requester" ? userWith(world, request?.account)?.name : step.who;
      if (request && who !== undefined) await reviewAs(world, who, request, 150);
      break;
    }
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
    // Whom Slack does not know any more does nothing.
    if (!user) return;
    const words = `${deed.access} ${deed.minutes}m ${deed.isBreakGlass && deed.access === "vault open" ? "break-glass " : ""}because`;
    await slack.interactions.command(user, channelNamed(world, "general"), "/request-access", words);
    return;
  }
  const requests = await world.asked(course.since);
  const request = requests.at(-1 - (deed.request % Math.max(1, requests.length)));
  const message = request && approvalMessage(world, request);
  // Nobody presses a button that Slack does not show.
  if (!request || !message) return;
  const user = deed.who === "requester" ? userWith(world, request.account) : userNamed(world, deed.who);
  if (!user) return;
  const value = deed.button === "Try now" ? grantOf(request) : request.id;
  if (value === undefined) return;
  const action = { type: "button", block_id: "own", action_id: actionIds[deed.button], value };
  const place = { kind: "message" as const, message, channel: channelNamed(world, "access-requests") };
  const press = (): Promise<unknown> =>
    slack.interactions.act(user, place, action, { times: deed.copies, how: "concurrently" });
  await Promise.all(Array.from({ length: deed.times }, press));
  if (deed.button === "Deny") await sayWhy(world, user.name);
}

type Get = Pick<Extract<Step, { do: "get" }>, "who" | "access">;

async function get(
  world: ModelWorld,
  course: Course,
  { who, access, minutes }: Extract<Step, { do: "get" }>,
): Promise<void> {
  await act(world, course, { do: "ask", who, access, minutes, isBreakGlass: false });
  for (const approver of approversFor({ who, access })) {
    await world.settle();
    await act(world, course, pressing("Approve", approver));
  }
}

async function getDespite(
  world: ModelWorld,
  course: Course,
  { who, access, before, about, unrest }: Extract<Step, { do: "get despite" }>,
): Promise<void> {
  const approvers = approversFor({ who, access });
  const [first = who, last = first] = approvers;
  const whom = { "who asks": who, "the first approver": first, "the last approver": last }[about];
  const change = async (): Promise<void> => {
    await stir(world, aboutThem(unrest, whom), true);
    await world.settle();
    await noteRest(world, course);
  };
  if (before === "the question") await change();
  // Then it is asked for a second time a moment later.
  if (before === "the grant") world.provider.fail({ kind: "status", status: 500 }, ["grant"], 1);
  await act(world, course, { do: "ask", who, access, minutes: 30, isBreakGlass: false });
  await world.settle();
  for (const approver of approvers.slice(0, -1)) {
    await act(world, course, pressing("Approve", approver));
    await world.settle();
  }
  if (before === "the last approval") await change();
  await act(world, course, pressing("Approve", last));
  await world.settle();
  if (before === "the grant") {
    await change();
    world.pass(1);
    await world.settle();
  }
  await act(world, course, pressing("Extend", "requester"));
}

/** Notes the place in the audit where nothing is being done. */
export async function noteRest(world: ModelWorld, { rests }: Course): Promise<void> {
  const { claimed } = await world.owed();
  if (claimed === 0) rests.push(await world.lastLine());
}

/** The same about somebody else. */
function aboutThem(unrest: Unrest, whom: Someone): Unrest {
  switch (unrest.do) {
    case "account":
      return { ...unrest, who: whom };
    case "lock down":
    case "lift":
      return { ...unrest, whom };
    case "policy":
      return unrest;
  }
}

function approversFor({ who, access }: Get): readonly Someone[] {
  const second: Someone = access === "tool write" ? "dana" : who === "bob" ? "alice" : "bob";
  return access === "tool write" || access === "vault open" ? ["carol", second] : ["carol"];
}

/** Once, under the latest request. */
function pressing(button: Button, who: Someone | "requester"): Deed {
  return { do: "click", who, request: 0, button, times: 1, copies: 1 };
}

/** Where a form opens for it, the reason is given. */
async function sayWhy({ slack }: ModelWorld, who: string): Promise<void> {
  const person = slack.as(who);
  const heard = person.ephemerals().length;
  const end = performance.now() + 400;
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

async function leave(world: ModelWorld, who: string): Promise<void> {
  if (!world.isSlackWell) return;
  const email = userNamed(world, who)?.email;
  const accounts = world.slack.workspace.users().filter((user) => user.email === email);
  for (const { name } of accounts)
    await put(world, name, { deleted: true }, { isMissed: false, isAlone: true });
}

/** Somebody looks at each use of break-glass, so that nobody is reminded of it in the histories to come. */
export async function review(world: ModelWorld, { since }: Course): Promise<void> {
  for (const request of await world.asked(since)) await reviewAs(world, "dana", request, 3_000);
}

async function reviewAs(world: ModelWorld, who: string, request: Asked, patienceMs: number): Promise<void> {
  const { slack } = world;
  const user = userNamed(world, who);
  const message = approvalMessage(world, request);
  const isTaken = request.lines.some(({ type }) => type === "break_glass.used");
  if (!user || !isTaken || !message) return;
  const action = { type: "button", block_id: "own", action_id: "review_break_glass", value: request.id };
  const channel = channelNamed(world, "access-requests");
  await slack.interactions.act(user, { kind: "message", message, channel }, action);
  const reviewer = slack.as(who);
  const heard = reviewer.ephemerals().length;
  const end = performance.now() + patienceMs;
  while (reviewer.modal() === undefined && reviewer.ephemerals().length === heard && performance.now() < end)
    await sleep(3);
  if (reviewer.modal() === undefined) return;
  await reviewer.chooses("Break-glass", "It was justified");
  await reviewer.fills("What you found", "nothing");
  await reviewer.submits();
  if (reviewer.modal() !== undefined) await reviewer.closes({ all: true });
}

const page = { body: "<html>Bad gateway</html>", contentType: "text/html" };

/** Who types while nothing is connected is told by Slack, and tries again later. */
async function connectedAgain({ slack, isSlackWell }: ModelWorld): Promise<void> {
  if (isSlackWell) await slack.until(() => slack.sockets.connected() > 0, "Hallpass to connect again");
}

async function trouble(world: ModelWorld, what: SlackTrouble): Promise<void> {
  const { faults, sockets } = world.slack;
  switch (what) {
    case "down":
    case "gone":
      faults.down(what === "down" ? "unavailable" : "destroyed");
      return world.setSlackWell(false);
    case "slow":
      faults.slow(30);
      return;
    case "too many":
      // As short as Slack says it: Hallpass holds a channel back by the machine's time, which the world's clock does not move.
      faults.rateLimit(undefined, 1, 3);
      return world.setSlackWell(false);
    case "fails":
      faults.failNext("chat.postMessage", "internal_error", 2);
      return;
    case "answer lost":
      faults.loseAnswer("chat.postMessage", 2);
      world.loseAnswers();
      return;
    case "twice":
      faults.duplicateDeliveries(2);
      return;
    case "page for an answer":
      faults.answerOddly("chat.postMessage", { ...page, isDone: true }, 2);
      world.loseAnswers();
      return;
    case "half an answer":
      faults.answerOddly(undefined, { body: '{"ok":tr', isDone: false }, 3);
      world.loseAnswers();
      return world.setSlackWell(false);
    case "turned down":
      faults.answerOddly(undefined, { ...page, status: 403, isDone: false }, 3);
      return world.setSlackWell(false);
    case "no time to wait":
      faults.rateLimit("chat.postMessage", 0, 5);
      return;
    case "renewal":
      faults.leaveOpen();
      sockets.disconnect("refresh_requested");
      return connectedAgain(world);
    case "cut":
      sockets.drop();
      return connectedAgain(world);
    case "no hello":
      faults.startBadly({ status: 503 }, 2);
      sockets.drop();
      return connectedAgain(world);
  }
}

function userNamed({ slack }: ModelWorld, name: string): User | undefined {
  return slack.workspace.users().find((one) => one.name === name);
}

function userWith({ slack }: ModelWorld, account: string | undefined): User | undefined {
  return slack.workspace.users().find(({ id }) => id === account);
}

function channelNamed({ slack }: ModelWorld, name: string): Channel {
  const channel = slack.workspace.findChannel(name);
  if (!channel) throw new Error(`no channel is called ${name}`);
  return channel;
}
