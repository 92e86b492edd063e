import { createPagerDuty } from "../../src/groups/pagerduty.ts";
import { type OnCallServer, type PagerDutySchedule, startPagerDuty } from "../support/on-call.ts";

let server: OnCallServer<PagerDutySchedule>;
beforeEach(async () => {
  server = await startPagerDuty();
});
afterEach(() => server.close());

const noon = Date.parse("2026-03-03T12:00:00Z");
const at = (time: string): Date => new Date(`2026-03-03T${time}Z`);
let now = 0;

async function onCall(
  schedule = "PABC123",
  settings: { readonly token?: string; readonly timeoutMs?: number } = {},
): Promise<readonly string[]> {
  const { url, token } = server;
  const pagerDuty = createPagerDuty({ url, token, time: () => noon, now: () => now, ...settings });
  return [...(await pagerDuty.onCall(schedule))];
}

test("asks for the schedule and its users as PagerDuty wants it", async () => {
  server.put("PABC123", { onCall: [{ email: "Erin@Example.com" }] });
  server.put("POTHER1", { onCall: [{ email: "bob@example.com" }] });
  expect(await onCall()).toEqual(["erin@example.com"]);
  expect(server.requests()).toEqual([
    "GET /oncalls?schedule_ids[]=PABC123&include[]=users&limit=100&offset=0",
  ]);
});

test("whoever's shift covers this moment is on call, at any level, once", async () => {
  server.put("PABC123", {
    onCall: [
      { email: "now@example.com", start: at("09:00:00"), end: at("17:00:00") },
      { email: "now@example.com", start: at("09:00:00"), end: at("17:00:00"), level: 3 },
      { email: "second@example.com", start: at("12:00:00"), end: at("12:00:01"), level: 2 },
      { email: "always@example.com", start: null, end: null },
      { email: "since@example.com", start: at("11:00:00"), end: null },
      { email: "over@example.com", start: at("04:00:00"), end: at("12:00:00") },
      { email: "later@example.com", start: at("12:00:01"), end: at("20:00:00") },
    ],
  });
  expect(await onCall()).toEqual([
    "now@example.com",
    "second@example.com",
    "always@example.com",
    "since@example.com",
  ]);
});

test("reads all pages", async () => {
  const people = Array.from({ length: 250 }, (_, index) => ({ email: `p${index}@example.com` }));
  server.put("PABC123", { onCall: people });
  expect(await onCall()).toEqual(people.map(({ email }) => email));
  expect(server.requests()).toHaveLength(3);
});

test("pages that do not end are not read for ever", async () => {
  server.answerNext({ status: 200, body: { oncalls: [], more: true } }, 200);
  // On a busy machine the patience ends before the pages do.
  await expect(onCall()).rejects.toThrow(
    /more than 10000 entries for the schedule PABC123|has not answered for 5 s/,
  );
});

test("somebody else's schedule in the answer gives nobody anything", async () => {
  server.put("PABC123", { onCall: [] });
  const user = { email: "mallory@example.com" };
  const oncalls = [
    { user, schedule: { id: "POTHER1" }, start: null, end: null },
    { user, schedule: null, start: null, end: null },
  ];
  server.answerNext({ status: 200, body: { oncalls, more: false } });
  expect(await onCall()).toEqual([]);
});

describe("nobody on call", () => {
  test.each([[{}], [{ isShiftBased: true }]])("is an answer: %j", async (kind) => {
    server.put("PABC123", { onCall: [], ...kind });
    expect(await onCall()).toEqual([]);
  });

  test("is not what a schedule says that does not exist", async () => {
    await expect(onCall("PNOSUCH")).rejects.toThrow(
      "PagerDuty has no schedule PNOSUCH: take the id from the schedule's address, such as PABC123",
    );
  });

  test("is said of a schedule that no escalation policy uses", async () => {
    server.put("PABC123", { onCall: [{ email: "erin@example.com" }], isUsed: false });
    await expect(onCall()).rejects.toThrow(
      "no escalation policy of PagerDuty uses the schedule PABC123, so that nobody is ever on call by it",
    );
  });
});

test("who is shown without an address is left out, and it is said when nobody has one", async () => {
  server.put("PABC123", { onCall: [{}, { email: "erin@example.com" }] });
  expect(await onCall()).toEqual(["erin@example.com"]);
  server.put("PABC123", { onCall: [{}] });
  await expect(onCall()).rejects.toThrow("PAGERDUTY_API_TOKEN may not read users");
});

describe("a refusal says what to do, and nothing of the token", () => {
  test.each([
    [401, /^PagerDuty does not accept PAGERDUTY_API_TOKEN \(401\): make a read-only key under Integrations/],
    [403, /^PagerDuty does not accept PAGERDUTY_API_TOKEN \(403\): .*PAGERDUTY_API_URL=https:\/\/api\.eu\./],
    [500, /^PagerDuty cannot answer \(500\)$/],
    [302, /^PagerDuty sends us elsewhere \(302\), which is not followed: check PAGERDUTY_API_URL$/],
  ])("%s", async (status, message) => {
    const elsewhere = await startPagerDuty();
    server.answerNext({ status, body: "", headers: { location: elsewhere.url } });
    const error: unknown = await onCall().catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(new RegExp(message.source.replace("^", "^Error: ")));
    expect(elsewhere.requests()).toEqual([]);
    await elsewhere.close();
  });

  test("a token that is not the right one", async () => {
    const error: unknown = await onCall("PABC123", { token: "c4n4ry" }).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain("PagerDuty does not accept PAGERDUTY_API_TOKEN (401)");
    expect(String(error)).not.toContain("c4n4ry");
  });

  test("a token that no header can hold is not repeated either", async () => {
    const error: unknown = await onCall("PABC123", { token: "c4n4ry\nx" }).catch((thrown: unknown) => thrown);
    expect(String(error)).toBe("Error: PagerDuty cannot be reached: the connection failed");
  });

  test.each([
    ["text", "<html>", "PagerDuty gave an answer that is not understood: all of it: "],
    ["no list", { more: false }, "oncalls: Invalid input: expected array, received undefined"],
    ["a time that is none", { oncalls: [{ user: {}, start: "soon" }], more: false }, "oncalls.0.start: "],
  ])("%s instead of an answer", async (_, body, message) => {
    server.answerNext({ status: 200, body });
    await expect(onCall()).rejects.toThrow(message);
  });

  test("no answer", async () => {
    const release = server.hold();
    await expect(onCall("PABC123", { timeoutMs: 30 })).rejects.toThrow(
      "PagerDuty has not answered for 0.03 s",
    );
    release();
  });

  test("nobody there", async () => {
    const pagerDuty = createPagerDuty({ token: "t", url: "http://127.0.0.1:1/" });
    await expect(pagerDuty.onCall("PABC123")).rejects.toThrow(/^PagerDuty cannot be reached: /);
  });
});

describe("asked to wait, it asks nothing before that time, whatever the schedule", () => {
  test.each([
    ["ratelimit-reset", { "ratelimit-reset": "20" }, 20],
    ["retry-after", { "retry-after": "7" }, 7],
    ["nothing", {}, 10],
    ["a time nobody means", { "ratelimit-reset": "-1" }, 10],
  ])("by %s", async (_, headers, seconds) => {
    const pagerDuty = createPagerDuty({ url: server.url, token: server.token, now: () => now });
    server.put("PABC123", { onCall: [{ email: "erin@example.com" }] });
    server.answerNext({ status: 429, body: "", headers });
    const start = now;
    await expect(pagerDuty.onCall("PABC123")).rejects.toThrow(
      `PagerDuty takes no more calls for ${seconds} s`,
    );
    now = start + seconds * 1_000 - 1;
    await expect(pagerDuty.onCall("POTHER1")).rejects.toThrow("PagerDuty takes no more calls for 1 s");
    expect(server.requests()).toHaveLength(1);
    now = start + seconds * 1_000;
    expect([...(await pagerDuty.onCall("PABC123"))]).toEqual(["erin@example.com"]);
  });
});
