import { Writable } from "node:stream";
import type { SeenMessage } from "../../playground/slack/seen.ts";
import { ask, toldAlone, toldDirectly } from "../support/ask.ts";
import { opensForm } from "../support/form.ts";
import { startWorld, type World } from "../support/hallpass.ts";

const refused = "You are not among the people who may decide";

let world: World;
let message: SeenMessage;
const lines: string[] = [];
beforeAll(async () => {
  const log = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  world = await startWorld({ log });
  message = await ask(world, "alice", "orders-db read 1h before");
});
beforeEach(() => {
  lines.length = 0;
});
afterEach(() => world.slack.faults.clear());
afterAll(() => world?.stop());

function told(person: string): readonly string[] {
  const seen = world.slack.as(person);
  return [...seen.ephemerals(), ...seen.directMessages()].map(({ visibleText }) => visibleText);
}

it("an answer is said where it was asked for", async () => {
  await world.slack.as("erin").presses(message, "Approve");
  await toldAlone(world, "erin", refused);
  expect(told("erin")).toHaveLength(1);
});

it.each([404, 429, 500])("where Slack says %i there, it comes by direct message", async (status) => {
  const before = world.slack.as("erin").directMessages().length;
  world.slack.faults.answerOddly("response_url", { status, body: "used_url", isDone: false });
  await world.slack.as("erin").presses(message, "Approve");
  await world.slack.until(
    () => world.slack.as("erin").directMessages()[before]?.visibleText.includes(refused),
    "a direct message",
  );
});

it.each([[undefined], [""], ["no address"]])(
  "where Slack gave no place for it (%j), it comes by direct message",
  async (url) => {
    const before = world.slack.as("dana").directMessages().length;
    await world.slack.as("dana").presses(message, "Approve");
    await toldAlone(world, "dana", refused);
    const click = world.slack.deliveries().findLast(({ payload }) => payload.type === "block_actions");
    const frame = {
      envelope_id: `without a place: ${url}`,
      type: "interactive",
      payload: { ...click?.payload, response_url: url },
    };
    await world.slack.raw.socket(JSON.stringify(frame));
    await world.slack.until(
      () => world.slack.as("dana").directMessages()[before]?.visibleText.includes(refused),
      "a direct message",
    );
    expect(lines.filter((line) => line.includes('"stack"'))).toEqual([]);
  },
);

it("a direct message that Slack does not take at first is sent again", async () => {
  const before = world.slack.as("erin").directMessages().length;
  world.slack.faults.answerOddly("response_url", { status: 404, body: "used_url", isDone: false });
  world.slack.faults.rateLimit("chat.postMessage", 1);
  await world.slack.as("erin").presses(message, "Approve");
  await world.slack.until(() => world.slack.as("erin").directMessages()[before], "a direct message");
});

it("the alerts channel is told of a lockdown although Slack does not take it at first", async () => {
  world.slack.faults.rateLimit("chat.postMessage", 1);
  await world.slack.as("dana").types("/access lockdown ghost-db somebody is inside");
  await world.slack.until(
    () => world.slack.channel("#access-alerts").messages()[0]?.visibleText.includes("locked ghost-db down"),
    "the alerts to be told",
  );
  await world.slack.as("dana").types("/access lift ghost-db");
  await world.slack.until(
    () => world.slack.channel("#access-alerts").messages().length === 2,
    "the alerts to be told of the end",
  );
});

it("what reaches them in neither way is said in the log, once and in words", async () => {
  world.slack.faults.answerOddly("response_url", { status: 404, body: "used_url", isDone: false });
  world.slack.faults.failNext("chat.postMessage", "user_disabled");
  await world.slack.as("erin").presses(message, "Approve");
  await world.slack.until(
    () => lines.find((line) => line.includes("somebody could not be told")),
    "a line in the log",
  );
  const said = lines.filter((line) => line.includes("somebody could not be told"));
  expect(said.map((line): unknown => JSON.parse(line))).toMatchObject([
    { level: 40, why: "Slack refuses (user_disabled)" },
  ]);
  expect(lines.filter((line) => line.includes('"stack"'))).toEqual([]);
});

it.each([
  ["expired_trigger_id", () => world.slack.faults.failNext("views.open", "expired_trigger_id")],
  ["ratelimited", () => world.slack.faults.rateLimit("views.open", 1)],
  [
    "HTML",
    () => world.slack.faults.answerOddly("views.open", { status: 502, body: "<html></html>", isDone: false }),
  ],
])("who is shown no form is told so, without a stack in the log: %s", async (_, fail) => {
  fail();
  await world.slack.as("alice").types("/request-access");
  await toldAlone(world, "alice", "Slack did not do its part, so this was not done.");
  expect(world.slack.as("alice").modal()).toBeUndefined();
  expect(lines.filter((line) => line.includes('"stack"'))).toEqual([]);
});

it("who is shown no roles of the resource they chose is told so", async () => {
  const { slack } = world;
  await opensForm(slack, slack.as("alice"));
  slack.faults.answerOddly("views.update", { status: 502, body: "<html></html>", isDone: false }, 3);
  await slack.as("alice").chooses("Resource", "Orders database (production)");
  await toldDirectly(world, "alice", "Slack did not do its part, so this was not done.");
  await slack.as("alice").closes();
  expect(lines.filter((line) => line.includes('"stack"'))).toEqual([]);
});

it("options of a form that cannot be read are none, and are answered", async () => {
  const view = { id: "V1", callback_id: "request_access", private_metadata: "", state: { values: {} } };
  const payload = { type: "block_suggestion", action_id: "role", value: "r", user: { id: "U0ALICE" }, view };
  const frame = {
    envelope_id: "of an older version",
    type: "interactive",
    payload,
    accepts_response_payload: true,
  };
  expect(await world.slack.raw.socket(JSON.stringify(frame))).toMatchObject({ acked: true });
  expect(lines.filter((line) => line.includes('"stack"'))).toEqual([]);
});

describe("whose connection ends before they are answered", () => {
  /** Delivers what Slack delivered last of a kind once more, and cuts the connection as it is under way. */
  async function deliverAndCut(kind: string, change: object): Promise<void> {
    const { slack } = world;
    const last = slack.deliveries().findLast(({ payload }) => (payload.type ?? payload.command) === kind);
    const type = last?.kind;
    const payload = { ...last?.payload, ...change };
    slack.faults.slow(300, ["users.info"]);
    const frame = { envelope_id: `cut ${JSON.stringify(change)}`, type, payload };
    const answer = slack.raw.socket(JSON.stringify(frame));
    slack.sockets.drop();
    expect(await answer).not.toMatchObject({ acked: true });
    slack.faults.clear();
    await slack.until(() => slack.sockets.connected() > 0, "another connection");
  }

  it("is told what came of their click", async () => {
    const before = told("erin").length;
    await world.slack.as("erin").presses(message, "Approve");
    await world.slack.until(() => told("erin").length > before, "an answer");
    await deliverAndCut("block_actions", { actions: againWith("1.5") });
    await world.slack.until(() => told("erin").length > before + 1, "another answer");
    expect(told("erin").at(-1)).toContain(refused);
  });

  it("is told by direct message what came of their command", async () => {
    await world.slack.as("erin").types("/access mine");
    // Hallpass has not heard of them yet, and has to ask who they are.
    await deliverAndCut("/access", { trigger_id: "1.2.3", user_id: "U0GRETA" });
    await world.slack.until(
      () => world.slack.as("greta").directMessages()[0]?.visibleText.includes("Guests cannot ask"),
      "a direct message",
    );
  });

  it("still gets the export that they asked for", async () => {
    await world.slack.as("dana").types("/access-audit who orders-db:read");
    await deliverAndCut("/access-audit", { text: "export", trigger_id: "2.3.4" });
    await world.slack.until(() => world.slack.as("dana").files()[0], "the file");
  });

  function againWith(time: string): unknown {
    const click = world.slack.deliveries().findLast(({ payload }) => payload.type === "block_actions");
    const actions: unknown = click?.payload.actions;
    return Array.isArray(actions) ? actions.map((action: object) => ({ ...action, action_ts: time })) : [];
  }
});
