import type { SeenMessage } from "../../slack-simulator/seen.ts";
import { ask, threadSays } from "../support/ask.ts";
import { manifestScopes, startWorld, type World } from "../support/hallpass.ts";

const minute = 60_000;
const history = ["channels:history", "groups:history", "im:history"];

let world: World;
afterEach(() => world?.stop());

/** Access that nobody takes away, and whose first line in the alerts and in the thread is posted without an answer. */
async function overdueUnheard(): Promise<SeenMessage> {
  const { slack } = world;
  const message = await ask(world, "alice", "orders-db read 10m nobody ends it");
  await slack.as("bob").presses(message, "Approve");
  await threadSays(world, message, "Granted to");
  await world.query("update effects set locked_until = now() + interval '1 year' where kind = 'revoke'");
  await slack.until(
    async () =>
      (
        await world.query(
          "select 1 from effects where queue = 'messages' and done_at is null and due_at < now()",
        )
      ).length === 0,
    "all else to be said",
  );
  slack.faults.loseAnswer("chat.postMessage");
  world.advance(11.5 * minute);
  await slack.until(async () => {
    world.hallpass.look();
    return (await doubts()).length > 0;
  }, "an answer to be lost");
  return message;
}

/** Seconds until a line that may stand is seen to again. */
async function doubts(): Promise<readonly number[]> {
  const rows = await world.query<{ seconds: number }>(
    `select extract(epoch from locked_until - statement_timestamp())::float8 as seconds from overdue_grants
     where locked_until is not null and locked_until < statement_timestamp() + interval '61 seconds'`,
  );
  return rows.map(({ seconds }) => seconds);
}

async function waitIsOver(): Promise<void> {
  await world.query("update overdue_grants set locked_until = statement_timestamp() - interval '1 second'");
  await world.slack.until(async () => {
    world.hallpass.look();
    const left = await world.query(
      "select 1 from overdue_grants where alerts_step < step or thread_step < step",
    );
    return left.length === 0;
  }, "it to be said everywhere");
}

function saidIn(message: SeenMessage): { readonly alerts: number; readonly thread: number } {
  const isIt = ({ visibleText }: SeenMessage): boolean => visibleText.includes("Overdue by");
  const { slack } = world;
  return {
    alerts: slack.channel("#access-alerts").messages().filter(isIt).length,
    thread: slack.thread(message).filter(isIt).length,
  };
}

it("a line whose answer was lost is looked for before it is said again", async () => {
  world = await startWorld({ slack: { scopes: [...manifestScopes(), ...history] } });
  const { workspace } = world.slack;
  for (const name of ["access-requests", "access-alerts"]) {
    const channel = workspace.findChannel(name);
    if (!channel) throw new Error(`no channel ${name}`);
    workspace.putChannel({ ...channel, members: [...channel.members, workspace.app.botUserId] });
  }
  const message = await overdueUnheard();
  await waitIsOver();
  expect(saidIn(message)).toEqual({ alerts: 1, thread: 1 });
});

it("where Slack does not let us look, it is said again no sooner than its answer could come", async () => {
  world = await startWorld();
  const message = await overdueUnheard();
  const [seconds = 0] = await doubts();
  expect(seconds).toBeGreaterThan(40);
  await waitIsOver();
  expect(saidIn(message)).toEqual({ alerts: 2, thread: 1 });
});
