import type { SeenMessage } from "../../slack-simulator/seen.ts";
import { choosesResource, fieldOf, fillsForm, opensForm } from "../support/form.ts";
import { startWorld, type World } from "../support/hallpass.ts";
import { assertNoProblems } from "../support/slack-limits.ts";

const orders = "Orders database (production)";
const good = { resource: orders, role: "Read only", duration: "30m", reason: "reading a stuck order" };

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterEach(async () => {
  assertNoProblems(world.slack);
  if (world.slack.as("alice").modal()) await world.slack.as("alice").closes();
});
afterAll(() => world?.stop());

async function requests(): Promise<number> {
  return (await world.query("select 1 from access_requests")).length;
}

/** The approval message whose text says this. */
function approvalMessage(saying: string, channel = "#access-requests"): Promise<SeenMessage> {
  const { slack } = world;
  return slack.until(
    () =>
      slack
        .channel(channel)
        .messages()
        .find(({ visibleText }) => visibleText.includes(saying)),
    `an approval message that says ${saying}`,
  );
}

it("asks for resource, duration, reason and ticket, and for the role once the resource is chosen", async () => {
  const { slack } = world;
  const alice = slack.as("alice");
  const form = await opensForm(slack, alice);
  expect(form).toMatchObject({ title: "Request access", submit: "Request access", close: "Cancel" });
  expect(form.fields.map(({ label }) => label)).toEqual(["Resource", "Duration", "Reason", "Ticket"]);
  expect(fieldOf(alice, "Resource").options).toEqual([orders, "A role that does not exist"]);
  expect(fieldOf(alice, "Ticket").optional).toBe(true);

  expect(await choosesResource(slack, alice, orders)).toEqual(["Read only", "Read and write"]);
  expect(alice.modal()?.fields.map(({ label }) => label)).toEqual([
    "Resource",
    "Role",
    "Duration",
    "Reason",
    "Ticket",
  ]);
  expect(fieldOf(alice, "Duration").hint).toContain("Up to 4h for Read and write.");
});

it("follows a change of resource, forgetting the role and keeping what else was typed", async () => {
  const { slack } = world;
  const alice = slack.as("alice");
  await opensForm(slack, alice);
  await fillsForm(slack, alice, { ...good, ticket: "INC-1" });
  expect(fieldOf(alice, "Role").value).toBe("Read only");
  expect(await choosesResource(slack, alice, "A role that does not exist")).toEqual(["Nothing"]);
  expect(fieldOf(alice, "Role").value).toBe("Nothing");
  expect(await choosesResource(slack, alice, orders)).toEqual(["Read only", "Read and write"]);
  expect(fieldOf(alice, "Role").value).toBeUndefined();
  expect(fieldOf(alice, "Duration").value).toBe("30m");
  expect(fieldOf(alice, "Reason").value).toBe(good.reason);
  expect(fieldOf(alice, "Ticket").value).toBe("INC-1");
});

it("marks what is granted at once", async () => {
  const { slack } = world;
  const erin = slack.as("erin");
  await opensForm(slack, erin);
  expect(await choosesResource(slack, erin, orders)).toEqual(["Read only (at once)", "Read and write"]);
  await erin.closes();
});

it("tells whoever may ask for nothing that there is nothing", async () => {
  const carol = world.slack.as("carol");
  await carol.types("/request-access");
  const modal = await world.slack.until(
    () => (carol.modal()?.text.includes("nothing you can request") ? carol.modal() : undefined),
    "the form to say that there is nothing",
  );
  expect(modal.fields).toEqual([]);
  expect(modal.submit).toBeUndefined();
  expect(modal.text).not.toMatch(/orders/i);
  await carol.closes();
});

const mistakes: readonly (readonly [string, Parameters<typeof fillsForm>[2], string, RegExp])[] = [
  ["an unknown duration", { duration: "soon" }, "Duration", /“soon” is not a duration.*such as|like 45m/i],
  ["no time at all", { duration: "0" }, "Duration", /not a duration/],
  ["zero minutes", { duration: "0m" }, "Duration", /not a duration/],
  ["a negative duration", { duration: "-5m" }, "Duration", /not a duration/],
  ["a reason of spaces", { reason: "   " }, "Reason", /what you need the access for/],
  [
    "a reason nobody can see",
    { reason: "\u200B\u2060\uFEFF\u3164" },
    "Reason",
    /what you need the access for/,
  ],
  ["a reason of line breaks", { reason: "\n\n" }, "Reason", /what you need the access for/],
];

it.each(mistakes)(
  "says at its field what is wrong with %s, and records nothing",
  async (_, wrong, label, said) => {
    const { slack } = world;
    const alice = slack.as("alice");
    const before = await requests();
    await opensForm(slack, alice);
    await fillsForm(slack, alice, { ...good, ...wrong });
    const { closed, errors } = await alice.submits();
    expect(closed).toBe(false);
    expect(errors).toEqual({ [label]: expect.stringMatching(said) });
    expect(await requests()).toBe(before);
  },
);

it("says at Duration how long is allowed at most", async () => {
  const { slack } = world;
  const alice = slack.as("alice");
  await opensForm(slack, alice);
  for (const duration of ["5h", "99999d", "999999d"]) {
    await fillsForm(slack, alice, { ...good, role: "Read and write", duration });
    expect((await alice.submits()).errors).toEqual({ Duration: expect.stringMatching(/^At most 4h /) });
    // Sent again as it is, it is as wrong as before.
    expect(await alice.submits()).toMatchObject({ closed: false, errors: { Duration: expect.any(String) } });
  }
  expect(slack.channel("#orders-approvals").messages()).toEqual([]);
});

it("takes no form without a role", async () => {
  const { slack } = world;
  const alice = slack.as("alice");
  const before = await requests();
  await opensForm(slack, alice);
  await fillsForm(slack, alice, { resource: orders, reason: good.reason });
  expect(await alice.submits()).toMatchObject({ closed: false, errors: { Role: expect.any(String) } });
  await alice.closes();

  // The form never came to show the roles: Slack's own client has nothing to complain about.
  await opensForm(slack, alice);
  slack.faults.failNext("views.update", "internal_error");
  await alice.chooses("Resource", orders);
  await alice.fills("Reason", good.reason);
  expect(await alice.submits()).toMatchObject({
    closed: false,
    errors: { Resource: expect.stringContaining("role") },
  });
  expect(await requests()).toBe(before);
});

it("closes and posts the approval message once the mistake is corrected", async () => {
  const { slack } = world;
  const alice = slack.as("alice");
  const before = await requests();
  await opensForm(slack, alice);
  await fillsForm(slack, alice, { ...good, duration: "later", reason: "corrected at last" });
  expect((await alice.submits()).closed).toBe(false);
  await alice.fills("Duration", "45m");
  expect(await alice.submits()).toMatchObject({ closed: true });
  const message = await approvalMessage("corrected at last");
  expect(message.visibleText).toContain("45m");
  expect(message.buttons).toEqual(["Approve", "Deny"]);
  expect(await requests()).toBe(before + 1);
});

it("files one request for a submission delivered three times", async () => {
  const { slack } = world;
  const alice = slack.as("alice");
  for (const how of ["concurrently", "in sequence"] as const) {
    const before = await requests();
    await opensForm(slack, alice);
    await fillsForm(slack, alice, { ...good, reason: `delivered ${how}` });
    expect(await alice.submits({ times: 3, how })).toMatchObject({ closed: true });
    await approvalMessage(`delivered ${how}`);
    expect(await requests()).toBe(before + 1);
  }
});

it("finds the ticket in the reason, and takes the field where it is filled", async () => {
  const { slack } = world;
  const alice = slack.as("alice");
  await opensForm(slack, alice);
  await fillsForm(slack, alice, { ...good, reason: "looking into INC-71, again" });
  await alice.submits();
  expect((await approvalMessage("looking into INC-71")).visibleText).toMatch(/ asks · .* · INC-71$/m);

  await opensForm(slack, alice);
  await fillsForm(slack, alice, { ...good, reason: "not about INC-72", ticket: "CHG-9" });
  await alice.submits();
  expect((await approvalMessage("not about INC-72")).visibleText).toMatch(/ asks · .* · CHG-9$/m);
});

it("posts where the rule says", async () => {
  const { slack } = world;
  const alice = slack.as("alice");
  await opensForm(slack, alice);
  await fillsForm(slack, alice, { ...good, role: "Read and write", reason: "mending by form" });
  expect(await alice.submits()).toMatchObject({ closed: true });
  const message = await approvalMessage("mending by form", "#orders-approvals");
  expect(message.visibleText).toContain("orders-db:write");
});

it("says what will become of it once the role is chosen", async () => {
  const { slack } = world;
  const alice = slack.as("alice");
  await opensForm(slack, alice);
  await choosesResource(slack, alice, orders);
  await alice.chooses("Role", "Read and write");
  await slack.until(
    () => alice.modal()?.text.includes("Needs approval from bob@example.com or carol@example.com."),
    "the preview",
  );
  expect(alice.modal()?.text).toContain("Posted in #orders-approvals.");

  const erin = slack.as("erin");
  await opensForm(slack, erin);
  await choosesResource(slack, erin, orders);
  await erin.fills("Duration", "9h");
  await erin.chooses("Role", "Read only (at once)");
  await slack.until(() => erin.modal()?.text.includes("At most 8h is allowed"), "what is wrong");
  expect(fieldOf(erin, "Duration").value).toBe("9h");
  expect(fieldOf(erin, "Duration").hint).toBe("Up to 8h for Read only. For example 45m, 2h or 1h30m.");
  await erin.closes();
});

it("follows the duration as it is typed", async () => {
  const { slack } = world;
  const alice = slack.as("alice");
  await opensForm(slack, alice);
  await choosesResource(slack, alice, orders);
  await alice.chooses("Role", "Read and write");
  for (const [typed, preview] of [
    ["9h", "At most 4h is allowed"],
    ["9", "“9” is not a duration"],
    ["2h", "Needs approval from bob@example.com or carol@example.com."],
  ] as const) {
    await alice.fills("Duration", typed);
    await slack.until(() => alice.modal()?.text.includes(preview), preview);
    expect(fieldOf(alice, "Duration").value).toBe(typed);
  }
});

it("shows what follows from the latest of two changes at once", async () => {
  const { slack } = world;
  const alice = slack.as("alice");
  await opensForm(slack, alice);
  await choosesResource(slack, alice, orders);
  await alice.chooses("Role", "Read and write");
  for (const typed of ["9h", "3h", "9h", "3h"]) {
    const preview = typed === "9h" ? "At most 4h is allowed" : "Needs approval";
    await Promise.all([alice.fills("Duration", "soon"), alice.fills("Duration", typed)]);
    await slack.until(() => alice.modal()?.text.includes(preview), `the preview of ${typed}`);
  }
});
