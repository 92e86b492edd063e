import { WebAPIRequestError } from "@slack/web-api";
import pino from "pino";
import { UnreadableAnswer } from "../../src/slack/client/errors.ts";
import { createHeldBack } from "../../src/slack/delivery/held-back.ts";

let now = 0;
let heldBack: ReturnType<typeof createHeldBack>;
beforeEach(() => {
  now = 0;
  heldBack = createHeldBack(
    pino({ enabled: false }),
    () => undefined,
    () => now,
  );
});

const gone = new WebAPIRequestError(new UnreadableAnswer(502));
const why = "Slack cannot be used: it answered with HTTP 502 in place of an answer";

it("calls that have failed for 10 s, and none of them answered, are Slack being away", () => {
  heldBack.observer.failed(gone);
  expect(heldBack.away()).toBeUndefined();
  now = 9_999;
  heldBack.observer.failed(gone);
  expect(heldBack.away()).toBeUndefined();
  now = 10_000;
  heldBack.observer.failed(gone);
  expect(heldBack.away()).toContain(why);
  heldBack.observer.answered("chat.postMessage", undefined);
  expect(heldBack.away()).toBeUndefined();
});

it("one that failed long ago says nothing: nobody has called since", () => {
  heldBack.observer.failed(gone);
  now = 3_600_000;
  expect(heldBack.away()).toBeUndefined();
});

it("calls that failed far apart are not one long time", () => {
  heldBack.observer.failed(gone);
  now = 90_001;
  heldBack.observer.failed(gone);
  now = 180_002;
  heldBack.observer.failed(gone);
  now = 195_000;
  heldBack.observer.failed(gone);
  expect(heldBack.away()).toBeUndefined();
});

it("a refusal is an answer, too", () => {
  heldBack.observer.failed(gone);
  now = 20_000;
  heldBack.observer.answered("users.info", { error: "user_not_found" });
  heldBack.observer.failed(gone);
  expect(heldBack.away()).toBeUndefined();
});

it("a pause of more than a minute is said until it is over", () => {
  heldBack.channelHeld("C1", 60_000);
  heldBack.channelHeld("C2", 120_000);
  now = 30_000;
  expect(heldBack.list()).toEqual(["Slack takes no messages in C2 for another 90 s; they wait"]);
  now = 120_000;
  expect(heldBack.list()).toEqual([]);
});
