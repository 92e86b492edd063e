import { setTimeout as sleep } from "node:timers/promises";
import type { User } from "../../slack-simulator/model.ts";
import { SISTER_TEAM_ID } from "../../slack-simulator/seed.ts";
import type { AccountChange, Unrest } from "./history.ts";
import { people, type Someone } from "./policy.ts";
import type { Line } from "./record.ts";
import type { ModelWorld } from "./world.ts";
import { mayDoNothing } from "./may-do-nothing.ts";

/** How long what Slack has told may take to have its effect, in milliseconds. */
const patienceMs = 30_000;

/** Has people or rules change. `isAlone`: nothing else happens at the same time, so that what follows can be waited for. */
export async function stir(world: ModelWorld, unrest: Unrest, isAlone: boolean): Promise<void> {
  switch (unrest.do) {
    case "account":
      return changeAs(world, unrest, isAlone);
    case "lock down":
    case "lift":
      return lockOrLift(world, unrest);
    case "policy":
      return world.usePolicy(unrest.name);
  }
}

async function changeAs(
  world: ModelWorld,
  { who, change, isMissed }: Extract<Unrest, { do: "account" }>,
  isAlone: boolean,
): Promise<void> {
  if ("showsThatOf" in change) {
    const colleague = accountNamed(world, change.showsThatOf);
    if (!colleague || change.showsThatOf === who) return;
    const { email } = colleague;
    const telling = { isMissed, isAlone };
    if (change.losing) await put(world, colleague.name, { email: world.freshAddress() }, telling);
    return put(world, who, { email }, telling);
  }
  if ("is" in change && change.is === "removed") return remove(world, who);
  if ("is" in change && change.is === "back" && !accountNamed(world, who)) return returns(world, who);
  return put(world, who, detailsOf(world, who, change), { isMissed, isAlone });
}

function detailsOf(
  world: ModelWorld,
  who: Someone,
  change: Exclude<AccountChange, { showsThatOf: Someone }>,
): Partial<User> {
  if ("shows" in change) {
    if (change.shows === "their own address") return { email: world.original(who).email };
    return { email: change.shows === "a fresh address" ? world.freshAddress() : change.shows };
  }
  switch (change.is) {
    case "guest":
      return { isRestricted: true };
    case "member":
      return { isRestricted: false };
    case "deactivated":
    case "removed":
      return { deleted: true };
    case "back":
      return { deleted: false };
    case "of a sister workspace":
      return who === "sam" ? {} : { teamId: SISTER_TEAM_ID };
  }
}

export type Telling = { readonly isMissed: boolean; readonly isAlone: boolean };

/** Changes an account, and waits until what Hallpass does about it is done, where it was told. */
export async function put(
  world: ModelWorld,
  name: string,
  details: Partial<User>,
  { isMissed, isAlone }: Telling,
): Promise<void> {
  const { slack, persons } = world;
  const user = accountNamed(world, name);
  if (!user) return;
  const account = persons.account(user.id);
  const before = await world.lastLine();
  const told = slack.deliveries().length;
  // Whoever cannot be reached is told nothing, and who can hear little of what is told cannot act on it.
  await slack.people.change(name, details, { isMissed: isMissed || !world.isSlackWell });
  const changed = { ...user, ...details };
  persons.mayShow(user.id, changed.email);
  const after = await world.lastLine();
  account.email.change(before, after, changed.email);
  account.isGone.change(before, after, mayDoNothing(changed));
  if (!mayDoNothing(changed)) account.isKnownGone.change(before, after, false);
  const delivery = slack
    .deliveries()
    .slice(told)
    .find(({ type }) => type === "user_change");
  if (delivery?.status !== 200 || !isAlone) return;
  if (mayDoNothing(changed)) {
    await hasEnded(world, user.id);
    account.isKnownGone.change(before, await world.lastLine(), true);
    return;
  }
  await world.hear();
  if (!persons.isKnown(user.id) || changed.email === user.email) return;
  // Who shows the address of somebody else is the same person as they are, and that is on record.
  if (persons.isHeldByAnother(user.id, changed.email, after))
    await lineAfter(
      world,
      before,
      ({ type }) => type === "person.joined",
      `${name} is somebody else besides`,
    );
  persons.hear({ seq: await world.lastLine(), account: user.id, email: changed.email });
}

/** Slack knows it no more, and tells nobody. */
async function remove(world: ModelWorld, name: string): Promise<void> {
  const user = accountNamed(world, name);
  if (!user) return;
  const before = await world.lastLine();
  world.slack.people.remove(name);
  world.persons.account(user.id).isGone.change(before, await world.lastLine(), true);
}

async function returns(world: ModelWorld, name: string): Promise<void> {
  const user = world.original(name);
  const { email, isGone, isKnownGone } = world.persons.account(user.id);
  const before = await world.lastLine();
  await world.slack.people.join(user, { isMissed: !world.isSlackWell });
  const after = await world.lastLine();
  email.change(before, after, user.email);
  isGone.change(before, after, mayDoNothing(user));
  isKnownGone.change(before, after, mayDoNothing(user));
}

/** Slack has its answer before the access has ended; that it ends is what is waited for here. */
async function hasEnded(world: ModelWorld, account: string): Promise<void> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const requests = (await world.asked(0)).filter((one) => one.account === account);
    const lines = requests.flatMap((one) => one.lines);
    const ended = new Set(
      lines
        .filter(({ type }) => type === "grant.revoking" || type === "grant.failed")
        .map(({ grantId }) => grantId),
    );
    const isOpen =
      requests.some(({ status }) => status === "pending") ||
      lines.some(({ type, grantId }) => type === "grant.started" && !ended.has(grantId));
    if (!isOpen) return;
    if (performance.now() > end)
      throw new Error(`${account} may do nothing any more, and what they have or ask for goes on`);
    await sleep(5);
  }
}

async function lineAfter(
  world: ModelWorld,
  seq: number,
  isIt: (line: Line) => boolean,
  what: string,
): Promise<Line> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const found = (await world.linesAfter(seq)).find(isIt);
    if (found) return found;
    if (performance.now() > end) throw new Error(`it is not on record that ${what}`);
    await sleep(5);
  }
}

/** An admin says it by a mention. */
async function lockOrLift(
  world: ModelWorld,
  { do: what, by, whom }: Extract<Unrest, { do: "lock down" | "lift" }>,
): Promise<void> {
  const { slack, persons } = world;
  const [admin, user] = [accountNamed(world, by), accountNamed(world, whom)];
  if (!admin || !user || !world.isSlackWell) return;
  await world.hear();
  const isHere = persons.account(user.id).isGone.at(await world.lastLine()) === false;
  // By the account of who never was anybody only their address is locked down.
  if (!isHere && !persons.isKnown(user.id)) return;
  const before = await world.lastLine();
  const heard = slack.as(by).ephemerals().length;
  const channel = slack.workspace.findChannel("general");
  if (!channel) throw new Error("there is no #general");
  const words = `<@${user.id}|${user.name}>`;
  await slack.interactions.command(
    admin,
    channel,
    "/access",
    what === "lift" ? `lift ${words}` : `lockdown ${words} because`,
  );
  const end = performance.now() + patienceMs;
  while (slack.as(by).ephemerals().length === heard && performance.now() < end) await sleep(5);
  const after = await world.lastLine();
  for (const { type, seq } of await world.linesAfter(before)) {
    if (type === "lockdown.begun") {
      if (!persons.isKnown(user.id)) persons.hear({ seq, account: user.id, email: user.email });
      persons.lock(user.id, before, after);
    }
    if (type === "lockdown.lifted") persons.lift(user.id, before, after);
  }
}

/** Everybody and everything is as it was at first, as far as that is possible. */
export async function restore(world: ModelWorld): Promise<void> {
  const { slack, persons } = world;
  await world.usePolicy("ordinary");
  for (const user of world.originals()) {
    const now = slack.workspace.user(user.id);
    if (!now) await returns(world, user.name);
    else if (JSON.stringify(now) !== JSON.stringify(user))
      await put(world, user.name, user, { isMissed: false, isAlone: false });
  }
  for (const by of ["dana", "carol"] as const)
    for (const slackId of persons.locked()) {
      const named = world.originals().find(({ id }) => id === slackId)?.name;
      const whom = people.find((name) => name === named);
      if (whom) await lockOrLift(world, { do: "lift", by, whom });
    }
}

function accountNamed({ slack }: ModelWorld, name: string): User | undefined {
  return slack.workspace.users().find((one) => one.name === name);
}
