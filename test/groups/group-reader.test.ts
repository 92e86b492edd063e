import { createGroupReader, type GroupReader, type GroupReaderDeps } from "../../src/groups/group-reader.ts";
import { createOpsgenie } from "../../src/groups/opsgenie.ts";
import { createPagerDuty } from "../../src/groups/pagerduty.ts";
import type { GroupSource, Membership, Memberships } from "../../src/policy/membership.ts";
import {
  type OnCallServer,
  type OpsgenieSchedule,
  type PagerDutySchedule,
  startOpsgenie,
  startPagerDuty,
} from "../support/on-call.ts";

let pagerDuty: OnCallServer<PagerDutySchedule>;
let opsgenie: OnCallServer<OpsgenieSchedule>;
let now = 0;
beforeEach(async () => {
  now = 0;
  [pagerDuty, opsgenie] = await Promise.all([startPagerDuty(), startOpsgenie()]);
  pagerDuty.put("PABC123", { onCall: [{ email: "erin@example.com" }] });
  opsgenie.put("1", { name: "DBA", onCall: ["bob@example.com"] });
});
afterEach(() => Promise.all([pagerDuty.close(), opsgenie.close()]));

const members = new Set(["alice@example.com"]);
const groups: ReadonlyMap<string, GroupSource> = new Map([
  ["people", { kind: "members", members }],
  ["engineers", { kind: "slack", handle: "engineers" }],
  ["on-call", { kind: "pagerduty", schedule: "PABC123" }],
  ["also-on-call", { kind: "pagerduty", schedule: "PABC123" }],
  ["dba", { kind: "opsgenie", schedule: "DBA" }],
]);

const slack = {
  members: () => Promise.resolve(new Set(["carol@example.com"])),
  remembered: () => new Set(["carol@example.com"]),
};

function reader(deps: Partial<GroupReaderDeps> = {}): GroupReader {
  return createGroupReader({
    slack,
    pagerDuty: createPagerDuty({ ...pagerDuty, now: () => now }),
    opsgenie: createOpsgenie({ ...opsgenie, now: () => now }),
    now: () => now,
    ...deps,
  });
}

const all: Memberships = new Map<string, Membership>([
  ["people", { isKnown: true, members }],
  ["engineers", { isKnown: true, members: new Set(["carol@example.com"]) }],
  ["on-call", { isKnown: true, members: new Set(["erin@example.com"]) }],
  ["also-on-call", { isKnown: true, members: new Set(["erin@example.com"]) }],
  ["dba", { isKnown: true, members: new Set(["bob@example.com"]) }],
]);

test("reads each group where its members stand, and a schedule once for all who ask", async () => {
  const reading = reader();
  expect(reading.remembered(groups)).toBeUndefined();
  expect(await Promise.all([reading.read(groups), reading.read(groups)])).toEqual([all, all]);
  expect(reading.remembered(groups)).toEqual(all);
  expect([pagerDuty.requests().length, opsgenie.requests().length]).toEqual([1, 1]);
});

test("groups that the policy lists need nobody", async () => {
  const listed = new Map([["people", { kind: "members", members } as const]]);
  const reading = reader({ slack: undefined, pagerDuty: undefined, opsgenie: undefined });
  expect([await reading.read(listed), reading.remembered(listed)]).toEqual(
    Array.from({ length: 2 }, () => new Map([["people", { isKnown: true, members }]])),
  );
});

test("a shift that ended counts for another minute at most", async () => {
  const reading = reader();
  await reading.read(groups);
  pagerDuty.put("PABC123", { onCall: [{ email: "dana@example.com" }] });
  now = 47_000;
  expect(reading.remembered(groups)?.get("on-call")).toEqual(all.get("on-call"));
  now = 60_000;
  expect(reading.remembered(groups)).toBeUndefined();
  expect((await reading.read(groups)).get("on-call")).toEqual({
    isKnown: true,
    members: new Set(["dana@example.com"]),
  });
});

test("a service that is down takes its groups with it when their minute is over, and no others", async () => {
  const reading = reader();
  await reading.read(groups);
  now = 60_000;
  pagerDuty.answerNext({ status: 503, body: "" });
  const why = "PagerDuty cannot answer (503)";
  const missing = { isKnown: false, why } as const;
  const without = new Map<string, Membership>([...all, ["on-call", missing], ["also-on-call", missing]]);
  expect(await reading.read(groups)).toEqual(without);
  expect(await reading.read(groups)).toEqual(without);
  expect(pagerDuty.requests()).toHaveLength(2);
  now = 65_000;
  expect(await reading.read(groups)).toEqual(all);
});

test("while nothing changes the same is handed out, so that what is made from it can be kept", async () => {
  const reading = reader();
  const first = await reading.read(groups);
  expect(await reading.read(groups)).toBe(first);
  pagerDuty.put("PABC123", { onCall: [{ email: "dana@example.com" }] });
  now += 60_000;
  expect(await reading.read(groups)).not.toBe(first);
});

test("what is not set up is named", async () => {
  const reading = reader({ slack: undefined, pagerDuty: undefined, opsgenie: undefined });
  expect(Object.fromEntries(await reading.read(groups))).toMatchObject({
    people: { isKnown: true },
    engineers: { isKnown: false, why: "SLACK_BOT_TOKEN is not set" },
    "on-call": { isKnown: false, why: "PAGERDUTY_API_TOKEN is not set" },
    dba: { isKnown: false, why: "OPSGENIE_API_KEY is not set" },
  });
  expect(reading.remembered(groups)).toBeUndefined();
});

test("nobody waits longer than there is patience, for Slack or for a schedule", async () => {
  const release = pagerDuty.hold();
  const never = new Promise<never>(() => undefined);
  const reading = reader({ slack: { ...slack, members: () => never }, patienceMs: 2_000 });
  expect(Object.fromEntries(await reading.read(groups))).toMatchObject({
    engineers: { isKnown: false, why: "Slack has not answered for 2 s" },
    "on-call": { isKnown: false, why: "PagerDuty has not answered for 2 s" },
    dba: { isKnown: true },
  });
  release();
});
