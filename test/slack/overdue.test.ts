import type { SeenMessage } from "../../slack-simulator/seen.ts";
import type { Hallpass } from "../../src/main.ts";
import { ask, numberOf, threadSays, toldAlone } from "../support/ask.ts";
import { startWorld, type World } from "../support/hallpass.ts";

const minute = 60_000;

let world: World;
let another: Hallpass;
beforeAll(async () => {
  world = await startWorld();
  another = await world.startAnother();
});
afterAll(() => world?.stop());

/** Alice has ten minutes' access, approved in this message. */
async function granted(reason: string): Promise<SeenMessage> {
  const message = await ask(world, "alice", `orders-db read 10m ${reason}`);
  await world.slack.as("bob").presses(message, "Approve");
  await threadSays(world, message, "Granted to");
  return message;
}

/** What the alerts channel was told of a request. */
function alertsOf(message: SeenMessage): readonly SeenMessage[] {
  const name = `AR-${numberOf(message)} `;
  return world.slack
    .channel("#access-alerts")
    .messages()
    .filter(({ visibleText }) => visibleText.startsWith(name));
}

function alertSays(message: SeenMessage, words: string): Promise<SeenMessage> {
  return world.slack.until(() => {
    lookAll();
    return alertsOf(message).find(({ visibleText }) => visibleText.includes(words));
  }, `the alerts channel to say “${words}”`);
}

function lookAll(): void {
  world.hallpass.look();
  another.look();
}

function advance(milliseconds: number): void {
  world.clock.advance(milliseconds);
  lookAll();
}

async function stepsOf(message: SeenMessage): Promise<readonly unknown[]> {
  const rows = await world.query<{ step: unknown }>(
    `select data->'step' as step from audit_events a join access_requests r on r.id = a.request_id
     where r.number = $1 and a.type = 'revocation.overdue' order by a.seq`,
    [numberOf(message)],
  );
  return rows.map(({ step }) => step);
}

function stepsReach(message: SeenMessage, step: number): Promise<unknown> {
  return world.slack.until(async () => {
    lookAll();
    return (await stepsOf(message)).includes(step);
  }, `step ${step} to be recorded`);
}

/** A worker has taken the revocation on, and is never heard of again. */
async function claimForEver(isClaimed: boolean): Promise<void> {
  const until = isClaimed ? "now() + interval '1 year'" : "null";
  await world.query(`update effects set locked_until = ${until} where kind = 'revoke' and done_at is null`);
}

/** What Slack did not answer while it was away may come still, and nothing is said beside it for a minute: that minute is over. */
async function endDoubt(): Promise<void> {
  await world.slack.until(async () => {
    const [row] = await world.query<{ count: number }>(
      `with over as (
         update overdue_grants set locked_until = statement_timestamp() - interval '1 second'
         where locked_until < statement_timestamp() + interval '61 seconds' and locked_until > statement_timestamp()
         returning 1)
       select count(*)::int as count from overdue_grants
       where locked_until > statement_timestamp() + interval '61 seconds'`,
    );
    return row?.count === 0;
  }, "nobody to be saying it");
}

/** Shuts the guarded database, or opens it again. */
async function allowConnections(isAllowed: boolean): Promise<void> {
  const name = new URL(world.guarded.url).pathname.slice(1);
  await world.query(`alter database "${name}" allow_connections ${isAllowed}`);
  await world.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [name]);
}

it("a revocation that nobody carries out is said once a step, by two Hallpass, with Slack away, and after a restart", async () => {
  const { slack, guarded } = world;
  const message = await granted("the worker is gone");
  await claimForEver(true);
  advance(10.5 * minute);
  advance(minute);
  const first = await alertSays(message, "Overdue by 1m");
  expect(first.visibleText).toContain(guarded.names.subject("alice"));
  expect(first.visibleText).toContain("orders-db:read");
  expect(first.visibleText).toContain("Nothing has tried to take it away yet");
  expect(first.buttons).toEqual(["Try now"]);
  const said = await threadSays(world, message, "Overdue by 1m");
  expect(said.buttons).toEqual(["Try now"]);
  const metrics = await (await fetch(`http://127.0.0.1:${world.hallpass.opsPort}/metrics`)).text();
  expect(metrics).toMatch(/^hallpass_overdue_revocations 1$/m);
  expect(metrics).toMatch(/^hallpass_oldest_overdue_seconds (?:[89]\d|1\d\d)/m);

  // Two steps are reached while Slack is away: the later one is said.
  slack.faults.down();
  advance(5 * minute);
  await stepsReach(message, 2);
  advance(10 * minute);
  await stepsReach(message, 3);
  slack.faults.clear();
  await endDoubt();
  await alertSays(message, "Overdue by 16m");
  await threadSays(world, message, "Overdue by 16m");

  await world.restart();
  advance(45 * minute);
  await alertSays(message, "Overdue by 1h1m");
  await threadSays(world, message, "Overdue by 1h1m");
  expect(alertsOf(message)).toHaveLength(3);
  expect(await stepsOf(message)).toEqual([1, 2, 3, 4]);
  expect(await guarded.rolesOf("alice")).toHaveLength(1);

  await claimForEver(false);
  const gone = await alertSays(message, "Revoked and verified");
  expect(gone.visibleText).toContain("Gone now, 1h1m late.");
  await threadSays(world, message, "Gone now, 1h1m late.");
  expect(await guarded.rolesOf("alice")).toEqual([]);
  advance(240 * minute);
  await slack.until(async () => {
    const { opsPort } = world.hallpass;
    return /^hallpass_overdue_revocations 0$/m.test(
      await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text(),
    );
  }, "the metrics to say that nothing is overdue");
  expect(await stepsOf(message)).toEqual([1, 2, 3, 4]);
  expect(slack.thread(message).filter(({ visibleText }) => visibleText.includes("Overdue"))).toHaveLength(3);
}, 60_000);

it("a server that is away around the expiry is said a handful of times, and access ends as soon as it is back", async () => {
  const { slack, guarded } = world;
  const message = await granted("the server goes away");
  await allowConnections(false);
  advance(10.1 * minute);
  const failed = await alertSays(message, "could not be taken away (attempt 1)");
  expect(failed.buttons).toEqual(["Try now"]);
  advance(minute);
  const first = await alertSays(message, "Overdue by 1m");
  expect(first.visibleText).toMatch(/Tried (?:once|\d+ times)\./);
  advance(4.5 * minute);
  await alertSays(message, "Overdue by 5m");
  advance(4.5 * minute);
  // By itself it would be tried again after minutes.
  await slack.until(async () => {
    const rows = await world.query(
      `update effects set retry_at = retry_at + interval '5 minutes'
       where kind = 'revoke' and done_at is null and locked_until is null returning 1`,
    );
    return rows.length > 0;
  }, "the next attempt to be far away");
  await allowConnections(true);
  const back = performance.now();
  await slack.until(async () => (await guarded.rolesOf("alice")).length === 0, "the access to be gone");
  console.info(
    `The server was back for ${((performance.now() - back) / 1000).toFixed(1)} s when access was gone.`,
  );
  await threadSays(world, message, "Gone now, 10m late.");
  await alertSays(message, "Gone now");
  expect(alertsOf(message)).toHaveLength(4);
}, 30_000);

it("what is overdue is tried at once when somebody presses", async () => {
  const { slack, guarded } = world;
  const message = await granted("somebody presses");
  await claimForEver(true);
  await world.query(`update effects set retry_at = $1 where kind = 'revoke' and done_at is null`, [
    new Date("2040-01-01"),
  ]);
  advance(12 * minute);
  const said = await threadSays(world, message, "Overdue by");
  await claimForEver(false);
  await slack.as("carol").presses(said, "Try now");
  await toldAlone(world, "carol", "It is being tried now");
  await threadSays(world, message, "Revoked and verified");
  expect(await guarded.rolesOf("alice")).toEqual([]);
}, 20_000);

it("a channel that cannot be told is on record, and the other place is told all the same", async () => {
  const { slack } = world;
  const message = await granted("no alerts channel");
  const alerts = slack.workspace.findChannel("#access-alerts");
  if (!alerts) throw new Error("no such channel");
  await claimForEver(true);
  slack.workspace.putChannel({ ...alerts, isArchived: true });
  advance(12 * minute);
  await threadSays(world, message, "Overdue by");
  await slack.until(
    async () => (await world.audited(numberOf(message))).includes("message.failed"),
    "the silence to be on record",
  );
  slack.workspace.putChannel(alerts);
  await claimForEver(false);
  await threadSays(world, message, "Revoked and verified");
  expect((await world.audited(numberOf(message))).filter((type) => type === "message.failed")).toHaveLength(
    1,
  );
}, 20_000);
