import { WebClient, type UsersInfoResponse } from "@slack/web-api";
import { objectOf, type JsonObject } from "../../slack-simulator/json.ts";
import { OTHER_TEAM_ID } from "../../slack-simulator/seed.ts";
import { startSlack, type Slack } from "../support/slack.ts";

let slack: Slack;
let web: WebClient;
beforeEach(async () => {
  slack = await startSlack();
  web = new WebClient(slack.tokens.bot, { slackApiUrl: slack.apiUrl });
});
afterEach(() => slack.close());

async function account(id: string): Promise<UsersInfoResponse["user"]> {
  return (await web.users.info({ user: id })).user;
}

/** The events sent so far, each once. */
function events(): readonly JsonObject[] {
  return slack
    .deliveries()
    .filter(({ attempt }) => attempt === 0)
    .map(({ payload }) => objectOf(payload.event));
}

const changes: readonly {
  readonly what: string;
  readonly change: (telling?: { readonly isMissed: boolean }) => Promise<void>;
  readonly id: string;
  readonly becomes: object;
}[] = [
  {
    what: "somebody's address changes",
    change: (telling) => slack.people.changeEmail("alice", "alice.archer@example.com", telling),
    id: "U0ALICE",
    becomes: { profile: { email: "alice.archer@example.com" } },
  },
  {
    what: "somebody becomes a guest",
    change: (telling) => slack.people.makeGuest("alice", telling),
    id: "U0ALICE",
    becomes: { is_restricted: true, profile: { email: "alice@example.com" } },
  },
  {
    what: "a guest becomes a member",
    change: (telling) => slack.people.makeMember("greta", telling),
    id: "U0GRETA",
    becomes: { is_restricted: false, is_ultra_restricted: false },
  },
  {
    what: "somebody leaves",
    change: (telling) => slack.people.deactivate("alice", telling),
    id: "U0ALICE",
    becomes: { deleted: true },
  },
  {
    what: "somebody comes back",
    change: (telling) => slack.people.reactivate("dave", telling),
    id: "U0DAVE",
    becomes: { deleted: false },
  },
  {
    what: "a stranger leaves a connected workspace",
    change: (telling) => slack.people.deactivate("sam", telling),
    id: "U0SAM",
    becomes: { deleted: true, is_stranger: true, team_id: OTHER_TEAM_ID },
  },
];

describe.each(changes)("when $what", ({ change, id, becomes }) => {
  test("Slack shows it, and tells it with the whole account", async () => {
    await change();
    const shown = await account(id);
    expect(shown).toMatchObject(becomes);
    expect(events()).toEqual([expect.objectContaining({ type: "user_change", user: shown })]);
  });

  test("and the event is missed, Slack shows it all the same", async () => {
    await change({ isMissed: true });
    expect(await account(id)).toMatchObject(becomes);
    expect(events()).toEqual([]);
  });
});

test("an account that loses its address shows none", async () => {
  await slack.people.changeEmail("alice", "");
  expect(await account("U0ALICE")).not.toHaveProperty("profile.email");
});

test("somebody joins, with another's address where so wished", async () => {
  await slack.people.join({ name: "alice3", email: "alice@example.com" });
  const shown = await account("U0ALICE3");
  expect(shown).toMatchObject({ team_id: slack.team.id, profile: { email: "alice@example.com" } });
  expect(events()).toEqual([expect.objectContaining({ type: "team_join", user: shown })]);
  expect((await web.users.list({})).members).toContainEqual(shown);
  await slack.people.join({ name: "frank" }, { isMissed: true });
  expect(events()).toHaveLength(1);
  await expect(slack.people.join({ name: "alice3" })).rejects.toThrow(`There is a "alice3" already`);
});

test("an account that is removed is not known any more, and nobody is told", async () => {
  const erin = slack.as("erin");
  slack.people.remove("erin");
  await expect(account("U0ERIN")).rejects.toMatchObject({ data: { error: "user_not_found" } });
  expect((await web.users.list({})).members?.map(({ name }) => name)).not.toContain("erin");
  expect(events()).toEqual([]);
  // Their window may still be open.
  await erin.types("/request-access");
  expect(slack.deliveries().at(-1)?.payload).toMatchObject({ user_id: "U0ERIN" });
  expect(() => slack.as("erin")).toThrow(`No user "erin"`);
});
