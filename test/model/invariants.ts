import { z } from "zod";
import { seeMessage } from "../../slack-simulator/seen.ts";
import { approvalMessage, type Course, noteRest } from "./perform.ts";
import type { Persons } from "./persons.ts";
import { approvalFault, extensionSeconds, onCall, type PolicyName, subjectOf, targetOf } from "./policy.ts";
import { type Asked, type Line, type Lived, livesOf } from "./record.ts";
import { type ModelWorld, pairOf } from "./world.ts";

/** What a request is once this has happened, and stays. */
const closings: ReadonlyMap<string, string> = new Map([
  ["request.approved", "approved"],
  ["break_glass.used", "approved"],
  ["request.denied", "denied"],
  ["request.cancelled", "cancelled"],
  ["request.expired", "expired"],
]);

/** What must be true whenever nothing can be done at once; throws what is not. */
export async function checkAlways(world: ModelWorld, course: Course): Promise<void> {
  const requests = await world.asked(course.since);
  const lives = requests.flatMap(livesOf);
  await world.hear();
  const last = await world.lastLine();
  for (const asked of requests) checkDecision(world, asked);
  for (const life of lives) {
    checkGrant(world.persons, life, requests);
    checkGiven(world, course, life);
    checkHolding(world, life, last + 1);
  }
  const [stray] = world.provider.strays();
  insist(stray === undefined, `another system was told to change something: ${stray}`);
  insist(world.faults.length === 0, `Hallpass says that something is wrong with itself: ${world.faults[0]}`);

  await noteRest(world, course);
  const { overdue, claimed } = await world.owed();
  const now = await world.now();
  const held = new Set(world.provider.held().map(({ subject, target }) => pairOf(subject, target)));
  for (const pair of held) course.takenByHand.delete(pair);
  const ofPair = new Map<string, Lived[]>();
  for (const life of lives) {
    const pair = pairOf(life.subject, life.target);
    ofPair.set(pair, [...(ofPair.get(pair) ?? []), life]);
  }
  for (const pair of held)
    insist(
      ofPair.get(pair)?.some(({ status }) => status !== "revoked") === true,
      `${pair} is held, and everything that gave it is over`,
    );
  // While a call hangs nobody knows what becomes of it.
  if (claimed > 0) return;
  for (const [pair, grants] of ofPair) {
    const live = grants.filter(
      ({ status, expiresAt }) => status === "active" && expiresAt && now < expiresAt,
    );
    insist(
      live.length === 0 || held.has(pair) || course.takenByHand.has(pair),
      `${pair} is lost, and ${named(live)} gives it still`,
    );
    if (overdue > 0) continue;
    const isOpen = grants.some(({ status }) => status === "granting" || status === "revoking");
    insist(!isOpen, `nothing is owed, and ${named(grants)} is neither given nor gone`);
    insist(!held.has(pair) || live.length > 0, `${pair} is held past its end: ${named(grants)}`);
  }
}

/** What must be true once everything works again and all the time there was has passed. */
export async function checkEnd(world: ModelWorld, course: Course): Promise<void> {
  await checkAlways(world, course);
  const { all } = await world.owed();
  insist(all === 0, `${all} effects are still owed`);
  const held = world.provider.held().map(({ subject, target }) => pairOf(subject, target));
  insist(held.length === 0, `still held: ${held.join(", ")}`);
  for (const asked of await world.asked(course.since)) {
    insist(asked.status !== "pending", `AR-${asked.number} still waits`);
    for (const { id, status } of livesOf(asked))
      insist(status === "revoked", `the grant ${id} of AR-${asked.number} ended as ${status}`);
    checkSlack(world, course, asked);
  }
}

function insist(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}

function named(lives: readonly Lived[]): string {
  return lives.map(({ asked, status }) => `AR-${asked.number} (${status})`).join(", ");
}

/** At most one end, by people who may, in time, and nobody for themselves. */
function checkDecision(world: ModelWorld, asked: Asked): void {
  const { lines, requester, access, number } = asked;
  const name = `AR-${number}`;
  const ofType = (type: string): readonly Line[] => lines.filter((line) => line.type === type);
  const ends = lines.filter(({ type }) => closings.has(type));
  insist(
    ofType("request.created").length + ofType("request.refused").length === 1,
    `${name} is not recorded once`,
  );
  insist(ends.length <= 1, `${name} was decided more than once: ${ends.map(({ type }) => type).join(", ")}`);
  const [end] = ends;
  insist(
    (closings.get(end?.type ?? "") ?? (ofType("request.refused").length > 0 ? "refused" : "pending")) ===
      asked.status,
    `${name} is ${asked.status}, and the audit says ${end?.type}`,
  );
  for (const line of [...ofType("approval.given"), ...ofType("request.denied")]) {
    checkActing(world, asked, line);
    insist(!end || line.seq <= end.seq, `${name}: ${line.actorEmail} decided what was decided`);
    insist(!asked.respondBy || line.at < asked.respondBy, `${name} was decided after its time`);
  }
  for (const line of ofType("break_glass.reviewed")) checkActing(world, asked, line);
  checkAsking(world, asked);
  if (end?.type === "request.approved" && end.actorKind === "policy")
    insist(
      access === "tool:read" && requester === onCall,
      `${name} was approved: the policy allows nobody that`,
    );
  else if (end?.type === "request.approved") checkApproval(world, asked, end);
  if (end?.type === "break_glass.used")
    insist(access === "vault:open" && requester === onCall, `${name} was taken: the glass is none of theirs`);
  const firstGrant = ofType("grant.started")[0];
  const isOpened = end?.type === "request.approved" || end?.type === "break_glass.used";
  insist(
    !firstGrant || (isOpened && end.seq < firstGrant.seq),
    `${name}: a grant was begun without an approval (${access})`,
  );
  insist(ofType("grant.started").length <= 1, `${name} began more than one grant`);
  checkEnding(world, asked);
}

/** Whoever decides or reviews is another person, and may act, as far as Hallpass has heard. */
function checkActing({ persons }: ModelWorld, asked: Asked, line: Line): void {
  const { seq, actorEmail, type } = line;
  const account = line.actorAccount ?? "";
  const name = `AR-${asked.number}: ${type} by ${actorEmail} (${account})`;
  insist(!persons.isSame(account, asked.account, seq), `${name}, whose own request it is`);
  insist(!persons.account(account).isKnownGone.was(true, seq), `${name}, who had left`);
  insist(!persons.isLocked(account, seq), `${name}, who is locked down`);
}

function checkAsking({ persons }: ModelWorld, asked: Asked): void {
  const [created] = asked.lines;
  const name = `AR-${asked.number}: ${asked.requester} (${asked.account})`;
  for (const { actorAccount, actorKind } of asked.lines.filter(({ type }) => type === "request.cancelled"))
    insist(
      actorKind === "hallpass" || persons.mayBeSame(actorAccount ?? "", asked.account),
      `${name}: ${actorAccount} cancelled what is not theirs`,
    );
  if (!created) return;
  insist(!persons.account(asked.account).isKnownGone.was(true, created.seq), `${name} had left, and asked`);
  insist(
    created.type === "request.refused" || !persons.isLocked(asked.account, created.seq),
    `${name} is locked down, and asked`,
  );
}

type Counted = { readonly account: string; readonly email: string; readonly line: Line };

/** The approvals that count where it is approved: given, and not discounted since. */
function countedIn({ lines }: Asked, end: Line): readonly Counted[] {
  let counted: readonly Counted[] = [];
  for (const line of lines.filter(({ seq }) => seq < end.seq)) {
    const { type, actorAccount, actorEmail, data } = line;
    if (type === "approval.given")
      counted = [...counted, { account: actorAccount ?? "", email: actorEmail ?? "", line }];
    if (type === "approval.discounted") counted = counted.filter(({ email }) => email !== data["approver"]);
  }
  const approvers = z.array(z.string()).parse(end.data["approvers"]);
  return approvers.map((email) => {
    const found = counted.find((one) => one.email === email);
    counted = counted.filter((one) => one !== found);
    insist(found !== undefined, `${email} is named as an approver, and no approval of theirs counts`);
    return found;
  });
}

/** Different people who may decide when the last of them does, for somebody who may have it then, by the policy of then. */
function checkApproval(world: ModelWorld, asked: Asked, end: Line): void {
  const { persons, slackWell } = world;
  const { seq } = end;
  const name = `AR-${asked.number} was approved`;
  const counted = countedIn(asked, end);
  const isGone = (account: string): boolean =>
    slackWell.was(true, seq) && persons.account(account).isGone.was(true, seq);
  for (const [place, { account, email }] of counted.entries()) {
    insist(!persons.isSame(account, asked.account, seq), `${name} by ${email}, who asked for it`);
    insist(!persons.isLocked(account, seq), `${name} by ${email}, who is locked down`);
    insist(!isGone(account), `${name} by ${email}, who had left`);
    for (const other of counted.slice(place + 1))
      insist(
        !persons.isSame(account, other.account, seq),
        `${name} by ${email} and ${other.email}, who are one person`,
      );
  }
  insist(!persons.isLocked(asked.account, seq), `${name}: ${asked.requester} is locked down`);
  insist(!isGone(asked.account), `${name}: ${asked.requester} had left`);

  const policy = judgedUnder(world, asked, end);
  const last = counted.at(-1);
  const fault = approvalFault(
    policy,
    asked.access,
    counted.map((one) => ({
      shown: one.email,
      all: one === last ? new Set([one.email]) : persons.addressesOf(one.account),
    })),
  );
  insist(fault === undefined, `${name}: ${fault}`);
  insist(
    world.policies.mayHaveBeen(policy, seq),
    `${name} under the policy “${policy}”, which was not in force`,
  );
}

/** The policy by which the last approval was judged. */
function judgedUnder(world: ModelWorld, { lines, policyVersion }: Asked, end: Line): PolicyName {
  const last = lines.findLast(({ type, seq }) => type === "approval.given" && seq < end.seq);
  return world.policyNamed(z.string().catch(policyVersion).parse(last?.data["policyVersion"]));
}

/** What is closed or ended because of who asked is so for a reason that is true. */
function checkEnding({ persons, policies }: ModelWorld, { number, account, lines }: Asked): void {
  const since = lines[0]?.seq ?? 0;
  for (const { type, seq, data } of lines) {
    if (type !== "request.cancelled" && type !== "grant.revoking") continue;
    const name = `AR-${number}: ${type} (${String(data["reason"])})`;
    switch (data["reason"]) {
      case "offboarded":
        insist(
          persons.account(account).isGone.mayHaveBeen(true, since, seq),
          `${name}, and ${account} had never left`,
        );
        break;
      case "lockdown":
        insist(
          persons.mayHaveBeenLocked(account, since, seq),
          `${name}, and ${account} was never locked down`,
        );
        break;
      case "policy_changed":
        // They may have asked by an account that was remembered for a minute.
        insist(
          policies.between(since, seq).length > 1 ||
            persons.account(account).email.between(0, seq).length > 1,
          `${name}, and neither the policy nor ${account} had changed`,
        );
        break;
      default:
    }
  }
}

/** What is given is what was asked for and what the policy that judged it gives, to who may still have it. */
function checkGiven(world: ModelWorld, course: Course, life: Lived): void {
  const { persons, slackWell } = world;
  const { asked, subject, target } = life;
  const name = `AR-${asked.number}`;
  const filed = world.policyNamed(asked.policyVersion);
  const end = asked.lines.find(({ type }) => type === "request.approved");
  const judged = end ? judgedUnder(world, asked, end) : filed;
  for (const policy of [filed, judged])
    insist(
      pairOf(subject, target) === pairOf(subject, targetOf(policy, asked.access)),
      `${name} gives ${JSON.stringify(target)}, which is not what “${policy}” gives`,
    );
  insist(
    subject === subjectOf(filed, asked.requester),
    `${name} gives to ${subject}, and ${asked.requester} asked`,
  );
  const account = persons.account(asked.account);
  if (end && end.actorKind !== "policy" && slackWell.was(true, end.seq)) {
    const emails = account.email.between(end.seq, end.seq);
    insist(
      emails.some((email) => subject === subjectOf(judged, email)),
      `${name} gives to ${subject}, and ${emails.join()} was to have it`,
    );
  }
  for (const { type, seq, grantId } of asked.lines) {
    if (grantId !== life.id || (type !== "grant.active" && type !== "grant.extended")) continue;
    // Whatever was asked of the provider since then was asked after that, too.
    const since = 1 + (course.rests.findLast((rest) => rest < seq) ?? 0);
    insist(
      !slackWell.was(true, since, seq) || !account.isGone.was(true, since, seq),
      `${name}: ${type} for ${asked.requester}, who had left`,
    );
  }
  const started = asked.lines.find(({ type }) => type === "grant.started");
  insist(
    !started || !persons.isLocked(asked.account, started.seq),
    `${name} was given to who is locked down`,
  );
}

/** Who is locked down, or has left as Hallpass knows, has nothing. */
function checkHolding({ persons }: ModelWorld, life: Lived, now: number): void {
  const { asked, status } = life;
  if (status !== "granting" && status !== "active") return;
  const name = `AR-${asked.number} is ${status}, and ${asked.requester} (${asked.account})`;
  insist(!persons.wasMeant(asked.account, now), `${name} is locked down`);
  insist(!persons.account(asked.account).isKnownGone.was(true, now), `${name} has left`);
}

/** As long as approved, from when it was there. */
function checkGrant({ mayBeSame }: Persons, life: Lived, requests: readonly Asked[]): void {
  const { asked, activeAt, expiresAt, extensions } = life;
  const name = `AR-${asked.number}`;
  if (!activeAt || !expiresAt) return;
  const seconds = (expiresAt.getTime() - activeAt.getTime()) / 1000;
  insist(
    Math.abs(seconds - asked.seconds - extensions * extensionSeconds) < 0.01,
    `${name} lasts ${seconds} s, ${asked.seconds} s were approved and ${extensions} extensions`,
  );
  const approved = asked.lines.find(({ type }) => closings.get(type) === "approved");
  insist(!approved || activeAt >= approved.at, `${name}: its time began before it was approved`);
  const granted = requests.filter((one) => one.extends === asked.number && one.status === "approved");
  insist(
    extensions <= granted.length && extensions <= 1,
    `${name} was extended ${extensions} times, by ${granted.length} approvals`,
  );
  insist(
    granted.every((one) => mayBeSame(one.account, asked.account) && one.access === asked.access),
    `${name} was extended by something else`,
  );
}

/** What Slack says was true when it was said, and was said. */
function checkSlack(world: ModelWorld, course: Course, asked: Asked): void {
  const message = approvalMessage(world, asked);
  if (!message) return;
  const name = `AR-${asked.number}`;
  const replies = world.slack.workspace
    .messages(message.channelId)
    .filter(({ threadTs, ts }) => threadTs === message.ts && ts !== message.ts)
    .map((reply) => ({
      at: Number(reply.ts) * 1000,
      text: seeMessage(world.slack.workspace, reply).visibleText,
    }));
  const said = (words: string): typeof replies => replies.filter(({ text }) => text.includes(words));
  for (const life of livesOf(asked)) {
    const changes = world.changes.filter(
      ({ pair, at }) => pair === pairOf(life.subject, life.target) && at >= course.startedAt,
    );
    for (const { at } of said("Granted to"))
      insist(
        changes.some((change) => change.isHeld && change.at <= at + 1),
        `${name}: “granted” was said before the provider held it`,
      );
    for (const { at } of said("Revoked and verified"))
      insist(
        // Or it never was there: the provider failed as it was asked for it.
        changes.some((change) => !change.isHeld && change.at <= at + 1) ||
          !changes.some((change) => change.isHeld && change.at <= at + 1),
        `${name}: “revoked” was said before it was`,
      );
  }
  if (world.lostAnswers) return;
  const texts = replies.map(({ text }) => text);
  const twice = texts.find((text, index) => texts.indexOf(text) !== index);
  insist(twice === undefined, `${name}: said twice in its thread: ${twice}`);
  const count = (type: string): number => asked.lines.filter((line) => line.type === type).length;
  for (const [type, words] of [
    ["grant.active", "Granted to"],
    ["request.denied", "Denied by"],
    ["request.expired", "Nobody decided in time"],
    ["grant.failed", "The grant failed"],
  ] as const)
    insist(
      said(words).length === count(type),
      `${name}: ${count(type)} of ${type}, and “${words}” was said ${said(words).length} times`,
    );
}
