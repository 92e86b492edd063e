import { requestForm } from "../../src/slack/views/request-form.ts";
import { hallpass } from "../cli/run-hallpass.ts";
import { ask, numberOf, opensBy, threadSays, toldAlone, toldDirectly } from "../support/ask.ts";
import { choosesResource, fillsForm, opensForm } from "../support/form.ts";
import { startWorld, type World } from "../support/hallpass.ts";
import { policyWith } from "../support/rules.ts";

const rules = `
  - name: writing takes a lead, or broken glass
    requesters: [group:engineers]
    access: ["orders-db:write"]
    decision: review
    approvals: [{ from: [group:leads] }]
    break_glass: { by: [group:on-call], review_by: [group:security], within: 24h }
`;

let world: World;
beforeAll(async () => {
  world = await startWorld({ policy: policyWith(rules) });
});
afterAll(() => world?.stop());

it("whoever may takes the access at once, it is said loudly, and somebody else reviews it", async () => {
  const { slack, guarded } = world;
  const message = await ask(world, "erin", "orders-db write 30m break-glass INC-9 is burning");
  expect(message.visibleText).toContain("INC-9 is burning");
  expect(message.visibleText).not.toContain("break-glass INC-9");
  await threadSays(world, message, "Granted to");
  expect(await guarded.rolesOf("erin")).toEqual([guarded.names.write]);
  const alert = await slack.until(
    () =>
      slack
        .channel("#access-alerts")
        .messages()
        .find(({ visibleText }) => visibleText.includes("break-glass")),
    "an alert",
  );
  expect(alert.visibleText).toContain("without approval");

  const review = async (person: string): Promise<unknown> => {
    await opensBy(world, person, message, "Review break-glass");
    await slack.as(person).chooses("Break-glass", "It was justified");
    await slack.as(person).fills("What you found", "the shop was down");
    return slack.as(person).submits();
  };
  expect(JSON.stringify(await review("erin"))).toContain("Nobody decides their own request");
  await slack.as("erin").closes();
  await review("dana");
  await threadSays(world, message, "found justified by");
  await slack.until(
    () => !slack.fresh(message).buttons.includes("Review break-glass"),
    "the button to be gone",
  );
  const audited = await world.audited(numberOf(message));
  expect(audited).toEqual(
    expect.arrayContaining(["break_glass.used", "decision.refused", "break_glass.reviewed"]),
  );
  expect(audited).not.toContain("request.approved");
});

it("what is taken is told as taken and never as approved: by card, thread, message, alert, audit and export", async () => {
  const { slack } = world;
  const message = await ask(world, "erin", "orders-db write 30m break-glass INC-8 smokes");
  await threadSays(world, message, "Granted to");
  const name = `AR-${numberOf(message)}`;
  const told = await toldDirectly(
    world,
    "erin",
    `${name} (Orders database (production) · Read and write): taken`,
  );
  expect(told.visibleText).toContain("taken by break-glass, without approval");
  const audit = async (...words: readonly string[]): Promise<string> =>
    (await hallpass(["audit", ...words], { env: { DATABASE_URL: world.database.url } })).stdout;
  const [shown, did, who, exported] = await Promise.all([
    audit("show", name),
    audit("what", "erin@example.com"),
    audit("who", "orders-db:write"),
    audit("export", "--format", "jsonl", "--output", "-"),
  ]);
  expect(shown).toContain("erin@example.com took the access at once, by break-glass, without approval");
  expect(who).toContain("taken by break-glass, not reviewed");
  const said = [
    slack.fresh(message),
    ...slack.thread(message),
    ...slack.as("erin").directMessages(),
    ...slack.channel("#access-alerts").messages(),
  ].flatMap(({ visibleText, text }) => [visibleText, text]);
  const events = exported.split("\n").filter((line) => line.includes(`"${name}"`));
  expect(events.length).toBeGreaterThan(3);
  for (const text of [...said, ...shown.split("\n"), ...did.split("\n"), ...events])
    expect(text).not.toMatch(/approved/i);
});

it("a use that nobody reviews is said again when the time is over", async () => {
  const { slack } = world;
  await ask(world, "erin", "orders-db write 30m break-glass INC-10 is burning");
  world.advance(25 * 3_600_000);
  await slack.until(
    () =>
      slack
        .channel("#access-alerts")
        .messages()
        .some(({ visibleText }) => visibleText.includes("Nobody has reviewed this use of break-glass")),
    "an alert that nobody reviewed",
  );
});

it("whoever may not is refused, on record, and gets nothing", async () => {
  const { slack, guarded } = world;
  await slack.as("alice").types("/request-access orders-db write 30m break-glass INC-11");
  await toldAlone(world, "alice", "does not let you take orders-db:write at once");
  expect(await guarded.rolesOf("alice")).toEqual([]);
});

it("the form's button does not say so where the chosen resource has no such role", () => {
  const role = {
    resource: "orders-db",
    resourceTitle: "Orders",
    role: "read",
    roleTitle: "Read",
    risk: "low",
    verdict: "review",
  } as const;
  const offered = {
    ...role,
    maxDurationSeconds: 3600,
    defaultDurationSeconds: undefined,
    needsTicket: false,
    fields: [],
  };
  const submitOf = (mayBreakGlass: boolean): unknown =>
    requestForm([{ ...offered, mayBreakGlass }], { resource: "orders-db", isBreakGlass: true }).submit?.text;
  expect([submitOf(true), submitOf(false)]).toEqual(["Break glass", "Request access"]);
});

it("the form offers it to those who may, and to nobody else", async () => {
  const { slack } = world;
  const orders = "Orders database (production)";
  await opensForm(slack, slack.as("alice"));
  await choosesResource(slack, slack.as("alice"), orders);
  expect(
    slack
      .as("alice")
      .modal()
      ?.fields.map(({ label }) => label),
  ).not.toContain("Emergency");
  await slack.as("alice").closes();

  const erin = slack.as("erin");
  await opensForm(slack, erin);
  await fillsForm(slack, erin, {
    resource: orders,
    role: "Read and write",
    duration: "20m",
    reason: "INC-12",
  });
  await slack.until(() => erin.modal()?.text.includes("Needs approval"), "the preview without Emergency");
  expect(erin.modal()?.submit).toBe("Request access");
  await erin.chooses("Emergency", ["Break glass: get access now, without approval"]);
  await slack.until(
    () => erin.modal()?.text.includes("🚨 No approval: you get access right away."),
    "the preview",
  );
  expect(erin.modal()?.text).toContain("dana@example.com reviews it within");
  expect(erin.modal()?.submit).toBe("Break glass");
  const before = slack.channel("#access-requests").messages().length;
  await erin.submits();
  const message = await slack.until(
    () => slack.channel("#access-requests").messages()[before],
    "the message of the request",
  );
  expect(message.visibleText).toContain("Taken by break-glass");
});
