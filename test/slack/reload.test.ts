import { ask, threadSays, toldAlone, toldDirectly } from "../support/ask.ts";
import { fieldOf, opensForm } from "../support/form.ts";
import { ordinaryPolicy, startWorld, type World } from "../support/hallpass.ts";

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world?.stop());

function policy(): string {
  return ordinaryPolicy(world.guarded.names);
}

async function metrics(): Promise<string> {
  return (await fetch(`http://127.0.0.1:${world.hallpass.opsPort}/metrics`)).text();
}

function alertSays(words: string): Promise<unknown> {
  const { slack } = world;
  return slack.until(
    () =>
      slack
        .channel("#access-alerts")
        .messages()
        .some(({ visibleText }) => visibleText.includes(words)),
    `an alert that says ${words}`,
  );
}

it("a right that a new policy took away is not exercised, and the new one decides from then on", async () => {
  const { slack, guarded } = world;
  const message = await ask(world, "alice", "orders-db read 1h looking");
  const without = policy().replace(
    "leads: { members: [bob@example.com, carol@example.com] }",
    "leads: { members: [carol@example.com] }",
  );
  expect(await world.reloads(without)).toBe("loaded");
  await slack.as("bob").presses(message, "Approve");
  await toldAlone(world, "bob", "You are not among the people");
  expect(await guarded.rolesOf("alice")).toEqual([]);
  await slack.as("carol").presses(message, "Approve");
  await threadSays(world, message, "Granted to");
  const versions = await world.query<{ hash: string }>("select hash from policies order by loaded_at");
  expect(versions).toHaveLength(2);
  const [approval] = await world.query<{ filed: string; judged: string }>(
    `select policy_version as filed, data ->> 'policyVersion' as judged
     from audit_events where type = 'approval.given'`,
  );
  expect(approval).toEqual({ filed: versions[0]?.hash, judged: versions[1]?.hash });
  await alertSays("A new policy is in force");
});

it("a broken policy is refused, the old one stays in force, and everybody who can mend it is told", async () => {
  const before = await metrics();
  expect(before).toContain("hallpass_policy_refused 0");
  expect(await world.reloads(policy().replace("decision: review", "decision: reviewed"))).toBe("refused");
  await alertSays("The policy on disk is not valid and was not loaded");
  await alertSays('did you mean "review"?');
  expect(await metrics()).toContain("hallpass_policy_refused 1");
  expect((await fetch(`http://127.0.0.1:${world.hallpass.opsPort}/readyz`)).status).toBe(200);
  const message = await ask(world, "alice", "orders-db read 1h looking");
  expect(message.visibleText).toContain("reading takes one lead");

  expect(await world.reloads(policy())).toBe("unchanged");
  expect(await metrics()).toContain("hallpass_policy_refused 0");
  const kinds = await world.query<{ type: string }>(
    "select type from audit_events where type like 'policy.%' order by seq",
  );
  expect(kinds.map(({ type }) => type)).toEqual(["policy.loaded", "policy.refused"]);
});

it("a policy whose secret is not set is refused like any broken one", async () => {
  const another = policy().replace(
    "providers:\n",
    'providers:\n  other: { type: postgres, url: "${OTHER_DATABASE_URL}" }\n',
  );
  expect(await world.reloads(another)).toBe("refused");
  await alertSays("OTHER_DATABASE_URL");
});

it("access that a removed provider granted still ends", async () => {
  const { slack, guarded } = world;
  const message = await ask(world, "alice", "orders-db read 1h looking");
  await slack.as("bob").presses(message, "Approve");
  await threadSays(world, message, "Granted to");
  const gone = `
version: 1
settings: { channel: "#access-requests", alerts: "#access-alerts" }
`;
  expect(await world.reloads(gone)).toBe("loaded");
  world.advance(61 * 60_000);
  await threadSays(world, message, "Revoked and verified");
  expect(await guarded.rolesOf("alice")).toEqual([]);
});

describe("what is approved is what was shown", () => {
  const otherTarget = (): string =>
    policy().replace(
      `grant: { role: ${world.guarded.names.read} }`,
      `grant: { role: ${world.guarded.names.write} }`,
    );
  const otherSubject = (): string =>
    policy()
      .replace(
        `alice@example.com: { orders-postgres: ${world.guarded.names.subject("alice")} }`,
        `alice@example.com: { orders-postgres: ${world.guarded.names.subject("erin")} }\n  # erin is another now`,
      )
      .replace(
        `erin@example.com: { orders-postgres: ${world.guarded.names.subject("erin")} }`,
        `erin@example.com: { orders-postgres: somebody_else }`,
      );

  it.each([
    ["another target", otherTarget, (): string => world.guarded.names.write],
    ["another name at the provider", otherSubject, (): string => world.guarded.names.subject("erin")],
  ])(
    "by a policy that means %s the request is closed, and everybody is told both",
    async (_, changed, word) => {
      const { slack, guarded } = world;
      const message = await ask(world, "alice", "orders-db read 1h looking");
      expect(await world.reloads(changed())).toBe("loaded");
      await slack.as("bob").presses(message, "Approve");
      await toldAlone(world, "bob", "something else would be granted than this message shows");
      const thread = await threadSays(world, message, "Closed: the policy has changed since it was asked");
      expect(thread.visibleText).toContain(
        `shown: {"role":"${guarded.names.read}"} to ${guarded.names.subject("alice")}`,
      );
      expect(thread.visibleText).toMatch(new RegExp(`today: .*${word()}`));
      await toldDirectly(world, "alice", "You can ask again");
      await slack.until(() => slack.fresh(message).buttons.length === 0, "the buttons to go");
      for (const person of ["alice", "erin"]) expect(await guarded.rolesOf(person)).toEqual([]);
      expect(await world.audited(1001)).toEqual(["request.created", "decision.refused", "request.cancelled"]);

      const again = await ask(world, "alice", "orders-db read 1h looking again");
      await slack.as("bob").presses(again, "Approve");
      await threadSays(world, again, "Granted to");
    },
  );

  it("a policy that changes other things closes nothing", async () => {
    const { slack } = world;
    const message = await ask(world, "alice", "orders-db read 1h looking");
    expect(await world.reloads(policy().replace("Orders database (production)", "Orders database"))).toBe(
      "loaded",
    );
    await slack.as("bob").presses(message, "Approve");
    await threadSays(world, message, "Granted to");
  });

  it("approved access that waits to be started is not started as another", async () => {
    const { slack, guarded } = world;
    const later = (text: string): string =>
      text.replace(
        "approvals: [{ from: [group:leads] }]",
        "approvals: [{ from: [group:leads] }]\n    start_within: 2h",
      );
    expect(await world.reloads(later(policy()))).toBe("loaded");
    const message = await ask(world, "alice", "orders-db read 1h later");
    await slack.as("bob").presses(message, "Approve");
    const told = await toldDirectly(world, "alice", "Start it when you need it");
    expect(await world.reloads(later(otherTarget()))).toBe("loaded");
    await slack.as("alice").presses(told, "Start access");
    await toldAlone(world, "alice", "By the policy as it is now");
    expect(await guarded.rolesOf("alice")).toEqual([]);
  });
});

it("what a new policy offers no more is not chosen any more in a form that is open", async () => {
  const { slack } = world;
  const alice = slack.as("alice");
  await opensForm(slack, alice);
  const without = policy().replace('"orders-db:read", "ghost-db:any"', '"orders-db:read"');
  expect(await world.reloads(without)).toBe("loaded");
  await alice.chooses("Resource", "A role that does not exist");
  await slack.until(
    () => fieldOf(alice, "Resource").options.length === 1 && alice.modal(),
    "the form to follow the policy",
  );
  expect(fieldOf(alice, "Resource").options).toEqual(["Orders database (production)"]);
});
