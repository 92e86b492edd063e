import { seeMessage } from "../../playground/slack/seen.ts";
import { approvalMessage, type Course } from "./perform.ts";
import { approvalFault, extensionSeconds, onCall } from "./policy.ts";
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
  for (const asked of requests) checkDecision(asked, course);
  for (const life of lives) checkGrant(life, requests);
  insist(world.faults.length === 0, `Hallpass says that something is wrong with itself: ${world.faults[0]}`);

  const { overdue, claimed } = await world.owed();
  const now = await world.now();
  const held = new Set(world.provider.held().map(({ subject, target }) => pairOf(subject, target)));
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
    insist(live.length === 0 || held.has(pair), `${pair} is lost, and ${named(live)} gives it still`);
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

function insist(is: boolean, otherwise: string): void {
  if (!is) throw new Error(otherwise);
}

function named(lives: readonly Lived[]): string {
  return lives.map(({ asked, status }) => `AR-${asked.number} (${status})`).join(", ");
}

/** At most one end, by people who may, in time, and nobody for themselves. */
function checkDecision(asked: Asked, course: Course): void {
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
  const given = ofType("approval.given");
  for (const { seq, at, actorEmail } of [...given, ...ofType("request.denied")]) {
    const email = actorEmail ?? "";
    insist(email !== requester, `${name}: ${email} decided their own request`);
    insist(seq <= (course.left.get(email) ?? Infinity), `${name}: ${email} had left, and decided`);
    insist(!end || seq <= end.seq, `${name}: ${email} decided what was decided`);
    insist(!asked.respondBy || at < asked.respondBy, `${name} was decided after its time`);
  }
  for (const { actorEmail } of ofType("request.cancelled"))
    insist([null, requester].includes(actorEmail), `${name}: ${actorEmail} cancelled what is not theirs`);
  const [created] = lines;
  insist(
    (created?.seq ?? 0) <= (course.left.get(requester) ?? Infinity),
    `${name}: ${requester} had left, and asked`,
  );
  if (end?.type === "request.approved") {
    const fault = approvedFault(asked, end, given);
    insist(fault === undefined, `${name} was approved: ${fault}`);
    const approvers = end.data["approvers"];
    insist(
      JSON.stringify(approvers) === JSON.stringify(given.map(({ actorEmail }) => actorEmail)),
      `${name} names other approvers than those who approved`,
    );
  }
  if (end?.type === "break_glass.used")
    insist(access === "vault:open" && requester === onCall, `${name} was taken: the glass is none of theirs`);
  const firstGrant = ofType("grant.started")[0];
  const isOpened = end?.type === "request.approved" || end?.type === "break_glass.used";
  insist(
    !firstGrant || (isOpened && end.seq < firstGrant.seq),
    `${name}: a grant was begun without an approval (${access})`,
  );
  insist(ofType("grant.started").length <= 1, `${name} began more than one grant`);
}

function approvedFault(asked: Asked, end: Line, given: readonly Line[]): string | undefined {
  const { access, requester } = asked;
  if (end.actorKind === "policy")
    return access === "tool:read" && requester === onCall ? undefined : "the policy allows nobody that";
  return approvalFault(
    access,
    requester,
    given.map(({ actorEmail }) => actorEmail ?? ""),
  );
}

/** As long as approved, from when it was there. */
function checkGrant(life: Lived, requests: readonly Asked[]): void {
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
    granted.every((one) => one.requester === asked.requester && one.access === asked.access),
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
        changes.some((change) => !change.isHeld && change.at <= at + 1),
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
