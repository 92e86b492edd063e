import { Writable } from "node:stream";
import type { SeenMessage } from "../../playground/slack/seen.ts";
import { ask, toldAlone } from "../support/ask.ts";
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
