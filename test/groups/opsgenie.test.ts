import { createOpsgenie } from "../../src/groups/opsgenie.ts";
import { type OnCallServer, type OpsgenieSchedule, startOpsgenie } from "../support/on-call.ts";

const id = "d875a1b4-9b4e-4219-a1b3-0c26936d18de";
let server: OnCallServer<OpsgenieSchedule>;
beforeEach(async () => {
  server = await startOpsgenie();
  server.put(id, {
    name: "DBA schedule/EU",
    onCall: ["Erin@Example.com", "erin@example.com", "bob@example.com"],
  });
});
afterEach(() => server.close());

async function onCall(schedule: string, token = server.token): Promise<readonly string[]> {
  return [...(await createOpsgenie({ url: server.url, token }).onCall(schedule))];
}

test.each([
  ["name", "DBA schedule/EU"],
  ["id", id],
])("asks for a schedule by its %s", async (type, schedule) => {
  expect(await onCall(schedule)).toEqual(["erin@example.com", "bob@example.com"]);
  expect(server.requests()).toEqual([
    `GET /v2/schedules/${schedule}/on-calls?flat=true&scheduleIdentifierType=${type}`,
  ]);
});

test("nobody on call is an answer", async () => {
  server.put(id, { name: "DBA", onCall: [] });
  expect(await onCall("DBA")).toEqual([]);
});

test("a schedule that does not exist, or is disabled, is not read as nobody", async () => {
  await expect(onCall("No such")).rejects.toThrow(
    "Opsgenie has no schedule No such: give its name as it is, or its id",
  );
  server.put(id, { name: "DBA", onCall: ["erin@example.com"], enabled: false });
  await expect(onCall("DBA")).rejects.toThrow("the Opsgenie schedule DBA is disabled");
});

test("a key it does not accept is named, and not shown", async () => {
  const error: unknown = await onCall("DBA", "c4n4ry").catch((thrown: unknown) => thrown);
  expect(String(error)).toMatch(
    /^Error: Opsgenie does not accept OPSGENIE_API_KEY \(401\): .*OPSGENIE_API_URL=https:\/\/api\.eu\.opsgenie\.com/,
  );
  expect(String(error)).not.toContain("c4n4ry");
});

test.each([
  [{ "x-ratelimit-period-in-sec": "60" }, 60],
  [{ "retry-after": "1.5" }, 2],
])("asked to wait: %j", async (headers, seconds) => {
  server.answerNext({ status: 429, body: { message: "TooManyRequests" }, headers });
  await expect(onCall(id)).rejects.toThrow(`Opsgenie takes no more calls for ${seconds} s`);
});

test("an answer without its list is not read as nobody", async () => {
  server.answerNext({ status: 200, body: { data: { _parent: { enabled: true } } } });
  await expect(onCall(id)).rejects.toThrow(
    "Opsgenie gave an answer that is not understood: data.onCallRecipients",
  );
});
