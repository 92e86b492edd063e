import type { SeenMessage } from "../../slack-simulator/seen.ts";
import { ask, threadSays, toldDirectly } from "../support/ask.ts";
import { ordinaryPolicy, startWorld, type World } from "../support/hallpass.ts";

const lookMs = 10 * 60_000 + 1_000;
let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

/** Has the providers looked at, and waits until that is over and all that came of it is told. */
async function looked(): Promise<void> {
  const begunAt = async (): Promise<Date | undefined> => {
    const [row] = await world.query<{ at: Date | null }>(
      "select case when bool_and(claimed_until is null) then min(begun_at) end as at from drift_looks",
    );
    return row?.at ?? undefined;
  };
  const before = await world.slack.until(begunAt, "the look in hand to end");
  world.advance(lookMs);
  await world.slack.until(async () => ((await begunAt()) ?? before) > before, "the look to end");
}

function alerts(words = ""): readonly SeenMessage[] {
  return world.slack
    .channel("#access-alerts")
    .messages()
    .filter(({ visibleText }) => visibleText.includes(words));
}

const alertSays = (words: string): Promise<SeenMessage> =>
  world.slack.until(() => alerts(words)[0], `the alerts to say “${words}”`);

async function drifts(): Promise<readonly string[]> {
  const types = await world.audited();
  return types.filter((type) => /^drift\.|^grant\.(?:reappeared|vanished|came_back)/.test(type));
}

/** How the policy handles unknown access from now on. */
async function handles(unknown: string): Promise<void> {
  const text = ordinaryPolicy(world.guarded.names).replace(
    "settings: {",
    `settings: { drift: { unknown: ${unknown} },`,
  );
  const before = alerts("A new policy is in force").length;
  expect(await world.reloads(text)).toBe("loaded");
  // It is said beside whatever comes next.
  await world.slack.until(() => alerts("A new policy is in force").length > before, "it to be said");
}

function sql(statement: (names: World["guarded"]["names"]) => string): Promise<unknown> {
  return world.guarded.query(statement(world.guarded.names));
}

it("access that nobody gave is said once, with who and what, and again when it comes back", async () => {
  await sql(({ read, subject }) => `grant ${read} to ${subject("erin")}`);
  await looked();
  const subject = world.guarded.names.subject("erin");
  const alert = await alertSays(subject);
  expect(alert.visibleText).toContain("Access in orders-postgres that Hallpass never gave");
  expect(alert.visibleText).toContain(`${subject} (erin@example.com) has orders-db:read, seen since`);
  expect(alert.visibleText).toContain("It was left as it is.");
  expect(await drifts()).toEqual(["drift.found"]);
  await looked();
  await world.restart();
  await looked();
  expect(alerts(subject)).toHaveLength(1);
  expect(await drifts()).toEqual(["drift.found"]);
  expect(await world.guarded.rolesOf("erin")).toEqual([world.guarded.names.read]);

  await sql(({ read, subject: of }) => `revoke ${read} from ${of("erin")}`);
  await looked();
  expect(await drifts()).toEqual(["drift.found", "drift.gone"]);
  await sql(({ read, subject: of }) => `grant ${read} to ${of("erin")}`);
  await looked();
  expect(alerts(subject)).toHaveLength(2);
  expect(await drifts()).toEqual(["drift.found", "drift.gone", "drift.found"]);
});

it("by the policy it is ignored, taken away, or adopted", async () => {
  const before = await drifts();
  await sql(({ read, subject }) => `revoke ${read} from ${subject("erin")}`);
  await looked();
  const since = async (): Promise<readonly string[]> => (await drifts()).slice(before.length);
  const subject = world.guarded.names.subject("bob");

  await handles("ignore");
  await sql(({ write, subject: of }) => `grant ${write} to ${of("bob")}`);
  await looked();
  expect(await since()).toEqual(["drift.gone"]);
  expect(alerts(subject)).toEqual([]);

  await handles("remove");
  await looked();
  const [removed] = alerts(subject);
  expect(removed?.visibleText).toContain("Taken away, and verified gone.");
  expect(await world.guarded.rolesOf("bob")).toEqual([]);
  expect(await since()).toEqual(["drift.gone", "drift.found", "drift.removed"]);

  await handles("adopt");
  await sql(({ write, subject: of }) => `grant ${write} to ${of("bob")}`);
  await looked();
  await handles("remove");
  await looked();
  expect(await world.guarded.rolesOf("bob")).toEqual([world.guarded.names.write]);
  expect(await since()).toEqual(["drift.gone", "drift.found", "drift.removed", "drift.adopted"]);
  expect(alerts(subject)).toHaveLength(1);

  await sql(({ write, subject: of }) => `revoke ${write} from ${of("bob")}`);
  await looked();
  await sql(({ write, subject: of }) => `grant ${write} to ${of("bob")}`);
  await looked();
  expect(await world.guarded.rolesOf("bob")).toEqual([]);
  expect(alerts(subject)).toHaveLength(2);
});

it("nothing is taken from whoever may grant it, nor from a role that others have theirs through", async () => {
  await sql(
    ({ read, write, subject }) =>
      `grant ${read} to ${subject("erin")} with admin option; grant ${read} to ${write}; grant ${write} to ${subject("bob")} with admin option`,
  );
  await looked();
  expect(await world.guarded.rolesOf("erin")).toEqual([world.guarded.names.read]);
  const [alert] = alerts("may grant the role to others");
  expect(alert?.visibleText).toContain("it is a role that others have theirs through");
  await looked();
  expect(alerts("may grant the role to others")).toHaveLength(1);
  await sql(
    ({ read, write, subject }) =>
      `revoke ${read} from ${subject("erin")}, ${write}; revoke ${write} from ${subject("bob")}`,
  );
  await looked();
  expect(await world.query("select from drift_findings where resolved_at is null")).toEqual([]);
});

it("live access that somebody takes away is told once, is not given again, and still ends", async () => {
  const { slack, guarded } = world;
  const before = (await drifts()).length;
  const since = async (): Promise<readonly string[]> => (await drifts()).slice(before);
  const message = await ask(world, "alice", "orders-db read 2h looking");
  await slack.as("bob").presses(message, "Approve");
  await threadSays(world, message, "Granted to");
  await looked();
  expect(await since()).toEqual([]);

  await sql(({ read, subject }) => `revoke ${read} from ${subject("alice")}`);
  await looked();
  await threadSays(world, message, "somebody took it away outside Hallpass");
  await toldDirectly(world, "alice", "ask again: /request-access orders-db read");
  await looked();
  expect(await since()).toEqual(["grant.vanished"]);
  expect(await guarded.rolesOf("alice")).toEqual([]);

  await sql(({ read, subject }) => `grant ${read} to ${subject("alice")}`);
  await looked();
  expect(await since()).toEqual(["grant.vanished", "grant.came_back"]);
  expect(alerts(guarded.names.subject("alice"))).toEqual([]);
  world.advance(2 * 3_600_000);
  await threadSays(world, message, "Revoked and verified");
  expect(await guarded.rolesOf("alice")).toEqual([]);
  const told = slack.thread(message).filter(({ visibleText }) => visibleText.includes("outside Hallpass"));
  expect(told).toHaveLength(1);
});

it("access that had ended and is there again is taken away again, and that is said", async () => {
  const { guarded } = world;
  const [before] = await world.query<{ number: number }>("select number from access_requests");
  const owed = "select 1 from effects where done_at is null and queue = 'messages'";
  const allIsSent = (): Promise<boolean> =>
    world.slack.until(async () => (await world.query(owed)).length === 0, "all messages to be sent");
  // Its end came late by the clock that was moved, and that is said too.
  await allIsSent();
  const ends = alerts("Revoked and verified").length;
  await sql(({ read, subject }) => `grant ${read} to ${subject("alice")}`);
  await looked();
  await alertSays("is there again without a new approval");
  await world.slack.until(
    () => alerts("Revoked and verified")[ends],
    "the alerts to say that it is gone again",
  );
  await allIsSent();
  expect(await guarded.rolesOf("alice")).toEqual([]);
  // Hours after it had ended, and a moment after it was there again.
  expect(alerts("Revoked and verified")[ends]?.visibleText).not.toContain("late");
  const events = await world.audited(before?.number);
  expect(events.slice(-2)).toEqual(["grant.reappeared", "grant.revoked"]);
  const [grant] = await world.query<{ revoke_reason: string; status: string }>("select * from grants");
  expect(grant).toMatchObject({ status: "revoked", revoke_reason: "drift" });
  await looked();
  expect(alerts("is there again without a new approval")).toHaveLength(1);
});

it("what Slack could not be told is told after the next look", async () => {
  const { slack } = world;
  await handles("report");
  await sql(({ write, subject }) => `grant ${write} to ${subject("bob")}`);
  const before = alerts("never gave").length;
  slack.faults.failNext("chat.postMessage", "internal_error");
  await looked();
  slack.faults.clear();
  expect(alerts("never gave")).toHaveLength(before);
  await looked();
  expect(alerts("never gave")).toHaveLength(before + 1);
});
