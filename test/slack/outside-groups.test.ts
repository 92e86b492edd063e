import { ask, threadSays, toldAlone } from "../support/ask.ts";
import { startWorld, type World } from "../support/hallpass.ts";
import { type OnCallServer, type PagerDutySchedule, startPagerDuty } from "../support/on-call.ts";
import { policyWith } from "../support/rules.ts";

const rules = `
  - name: on-call reads at once
    requesters: [group:duty]
    access: ["orders-db:read"]
    decision: allow
  - name: reading takes a lead
    requesters: [group:engineers]
    access: ["orders-db:read"]
    decision: review
    approvals: [{ from: [group:chiefs] }]
  - name: writing is for those on call
    requesters: [group:duty]
    access: ["orders-db:write"]
    decision: review
    approvals: [{ from: [group:chiefs] }]
`;

let pagerDuty: OnCallServer<PagerDutySchedule>;
let world: World;
beforeAll(async () => {
  pagerDuty = await startPagerDuty();
  pagerDuty.put("PABC123", { onCall: [{ email: "erin@example.com" }] });
  world = await startWorld({
    policy: (names) =>
      policyWith(rules)(names).replace(
        "groups:\n",
        `groups:\n  duty: { pagerduty: PABC123 }\n  chiefs: { slack: "@chiefs" }\n`,
      ),
    groups: { pagerDuty, opsgenie: undefined },
    slack: { seed: { usergroups: [{ handle: "chiefs", members: ["bob", "greta"] }] } },
  });
});
afterAll(async () => {
  await world?.stop();
  await pagerDuty?.close();
});

it("whoever is on call by the schedule is let in at once", async () => {
  const message = await ask(world, "erin", "orders-db read 10m looking");
  await threadSays(world, message, "Granted to");
});

it("the members of a Slack user group approve, guests among them do not, and a change counts at once", async () => {
  const { slack } = world;
  const message = await ask(world, "alice", "orders-db read 10m looking");
  expect(message.visibleText).toContain("Needs <@U0BOB>");
  await slack.as("carol").presses(message, "Approve");
  await toldAlone(world, "carol", "You are not among the people");
  await slack.changeUsergroup("chiefs", ["carol"]);
  await slack.until(async () => {
    if (slack.fresh(message).buttons.includes("Approve")) await slack.as("carol").presses(message, "Approve");
    return slack.thread(message).some(({ visibleText }) => visibleText.includes("Approved by <@U0CAROL>"));
  }, "carol's approval to count");
  await threadSays(world, message, "Granted to");
});

it("when the schedule cannot be read, people decide what it might have allowed, and nobody is let in by it", async () => {
  const broken = await startWorld({
    policy: (names) =>
      policyWith(rules)(names).replace(
        "groups:\n",
        "groups:\n  duty: { pagerduty: PABC123 }\n  chiefs: { members: [bob@example.com] }\n",
      ),
    groups: { pagerDuty: { ...pagerDuty, token: "wrong" }, opsgenie: undefined },
  });
  try {
    const message = await ask(broken, "erin", "orders-db read 10m looking");
    expect(message.visibleText).toContain('ℹ️ "on-call reads at once" was passed over');
    expect(message.visibleText).toContain("PAGERDUTY_API_TOKEN");
    expect(await broken.guarded.rolesOf("erin")).toEqual([]);
    await broken.slack.as("erin").types("/request-access orders-db write 10m looking");
    await toldAlone(broken, "erin", "could not be found out, so the answer is no");
    await broken.slack.until(
      () =>
        broken.slack
          .channel("#access-alerts")
          .messages()
          .some(({ visibleText }) => visibleText.includes("the policy's owner can fix this")),
      "an alert",
    );
  } finally {
    await broken.stop();
  }
});
