import type { JsonObject } from "../../slack-simulator/json.ts";
import { objectOf } from "../../slack-simulator/json.ts";
import type { User } from "../../slack-simulator/model.ts";
import { APP, GRID_TEAM, OTHER_TEAM_ID, PEOPLE, SISTER_TEAM_ID, TEAM } from "../../slack-simulator/seed.ts";
import { ineligibleText } from "../../src/slack/directory/identify.ts";
import { ask, numberOf, opensBy, threadSays, toldDirectly } from "../support/ask.ts";
import { fillsForm, opensForm } from "../support/form.ts";
import { startWorld, type World } from "../support/hallpass.ts";

const organisation = GRID_TEAM.enterprise?.id ?? "";

/** Alice and carol are at home in another workspace of the organisation, bob where Slack shows no home. */
const homes: Readonly<Record<string, Partial<User>>> = {
  alice: { id: "W0ALICE", teamId: SISTER_TEAM_ID },
  bob: { id: "W0BOB", teamId: organisation },
  carol: { teamId: SISTER_TEAM_ID },
};
const people = [
  ...PEOPLE.map((person) => ({ ...person, ...homes[person.name] })),
  // Sits in a shared channel, and has the address of somebody who may approve.
  { name: "partner", teamId: OTHER_TEAM_ID, enterpriseId: "E0ELSEWHERE", email: "bob@example.com" },
];

let world: World;
afterAll(() => world?.stop());

async function start(transport: "socket" | "http", isOrgWide: boolean): Promise<void> {
  await world?.stop();
  const seed = { team: GRID_TEAM, app: { ...APP, isOrgWide }, people };
  world = await startWorld({ transport, slack: { seed } });
}

test.each([
  ["socket", "the workspace", false],
  ["http", "the workspace", false],
  ["socket", "the whole organisation", true],
  ["http", "the whole organisation", true],
] as const)(
  "by %s, installed in %s: members of other workspaces ask, decide and give back like anybody",
  async (transport, _, isOrgWide) => {
    await start(transport, isOrgWide);
    const { slack, guarded } = world;
    const byCommand = await ask(world, "alice", "orders-db write 1h by command", "#orders-approvals");
    await opensBy(world, "carol", byCommand, "Deny");
    await slack.as("carol").fills("Reason", "use the replica");
    expect((await slack.as("carol").submits()).closed).toBe(true);
    await threadSays(world, byCommand, "Denied by");

    const alice = slack.as("alice");
    await opensForm(slack, alice);
    const resource = "Orders database (production)";
    await fillsForm(slack, alice, { resource, role: "Read only", duration: "30m", reason: "by form" });
    expect((await alice.submits()).closed).toBe(true);
    const byForm = await slack.until(
      () => slack.channel("#access-requests").messages()[0],
      "the approval message",
    );
    await slack.as("bob").presses(byForm, "Approve");
    await threadSays(world, byForm, "Granted to");
    expect(await guarded.rolesOf("alice")).toEqual([guarded.names.read]);

    const told = await toldDirectly(world, "alice", "you have access as");
    await alice.presses(told, "Give back");
    await threadSays(world, byForm, "Revoked and verified");
    expect(await guarded.rolesOf("alice")).toEqual([]);
    expect(await world.audited()).not.toContain("decision.refused");
  },
);

/** What a payload may say of where somebody sits and is at home, true or not. */
const claims: readonly { readonly claim: string; readonly says: JsonObject; readonly homeSaid?: string }[] = [
  {
    claim: "that everybody is of ours",
    says: { team: { id: TEAM.id, domain: "example" }, enterprise: { ...GRID_TEAM.enterprise } },
    homeSaid: TEAM.id,
  },
  {
    claim: "that everybody is of our organisation",
    says: { team: { id: SISTER_TEAM_ID, domain: "sister" }, enterprise: { ...GRID_TEAM.enterprise } },
    homeSaid: organisation,
  },
  {
    claim: "that everybody is of another company",
    says: {
      team: { id: OTHER_TEAM_ID, domain: "elsewhere" },
      enterprise: { id: "E0ELSEWHERE", name: "Elsewhere" },
    },
    homeSaid: OTHER_TEAM_ID,
  },
  { claim: "nothing of it", says: { team: null, enterprise: null } },
  {
    claim: "only which organisation installed the app",
    says: { team: null, enterprise: { ...GRID_TEAM.enterprise }, is_enterprise_install: true },
  },
];

describe("whatever a payload claims, the account decides", () => {
  beforeAll(() => start("http", false));

  function user(name: string): User {
    const found = world.slack.workspace.user(world.slack.as(name).id);
    if (!found) throw new Error(`No user ${name}`);
    return found;
  }

  test.each(claims)("$claim", async ({ says, homeSaid }) => {
    const { slack } = world;
    const seen = await ask(world, "alice", "orders-db read 1h who may decide");
    const message = slack.workspace.message(seen.channelId, seen.ts);
    const channel = slack.workspace.channel(seen.channelId);
    if (!message || !channel) throw new Error("nothing was asked");
    const number = numberOf(seen);
    const [request] = await world.query<{ id: string }>("select id from access_requests where number = $1", [
      number,
    ]);
    const before = slack.as("partner").ephemerals().length;
    const press = async (name: string): Promise<void> => {
      const action = { type: "button", action_id: "approve_request", block_id: "b", value: request?.id };
      const payload = slack.payloads.blockActions(user(name), { kind: "message", message, channel }, action);
      const { team_id: _, ...who } = objectOf(payload.user);
      const acting = homeSaid === undefined ? who : { ...who, team_id: homeSaid };
      const { status } = await slack.raw.deliver("interactive", { ...payload, ...says, user: acting });
      expect(status).toBe(200);
    };
    const type = async (name: string): Promise<string> => {
      const payload = slack.payloads.command(user(name), channel, "/access", "mine");
      const { status, body } = await slack.raw.deliver("slash_commands", {
        ...payload,
        team_id: homeSaid ?? "",
        enterprise_id: objectOf(says.enterprise).id ?? "",
        is_enterprise_install: String(says.is_enterprise_install === true),
      });
      expect(status).toBe(200);
      return body;
    };
    expect(await type("partner")).toContain(ineligibleText.other_workspace);
    await press("partner");
    const told = await slack.until(() => slack.as("partner").ephemerals()[before], "an answer");
    expect(told.visibleText).toBe(ineligibleText.other_workspace);
    expect(await world.audited(number)).toEqual(["request.created"]);

    expect(await type("bob")).toContain("You have no access now");
    await press("bob");
    await threadSays(world, seen, "Approved by");
  });
});
