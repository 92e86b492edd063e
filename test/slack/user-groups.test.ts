import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { pino } from "pino";
import { objectOf } from "../../slack-simulator/json.ts";
import { GRID_TEAM, OTHER_TEAM_ID, PEOPLE, SISTER_TEAM_ID, TEAM } from "../../slack-simulator/seed.ts";
import type { SlackOptions } from "../../slack-simulator/server.ts";
import { createUserGroups, type UserGroups } from "../../src/slack/directory/user-groups.ts";
import { createWebClient } from "../../src/slack/client/web-client.ts";
import { type Slack, startSlack } from "../support/slack.ts";

let slack: Slack;
let userGroups: UserGroups;
let now = 0;
const others: Server[] = [];
afterEach(async () => {
  for (const server of others.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  await slack.close();
});

async function start(options: SlackOptions = {}): Promise<void> {
  now = 0;
  slack = await startSlack(options);
  userGroups = createUserGroups(clientOf(slack.apiUrl, slack.tokens.bot), () => now);
}

function clientOf(apiUrl: string, token: string): ReturnType<typeof createWebClient> {
  return createWebClient({ botToken: token, apiUrl, log: pino({ level: "silent" }) });
}

async function members(group: string): Promise<readonly string[]> {
  return [...(await userGroups.members(group))].map((email) => email.split("@")[0] ?? "").toSorted();
}

function lists(): { readonly groups: number; readonly accounts: number } {
  return { groups: slack.calls("usergroups.list").length, accounts: slack.calls("users.list").length };
}

/** Changes an account as Slack's event tells it. */
async function changeUser(name: string, changes: Parameters<Slack["changeUser"]>[1]): Promise<void> {
  await slack.changeUser(name, changes);
  learnFrom(name);
}

function learnFrom(name: string, differences: object = {}): void {
  const user = slack.workspace.users().find((one) => one.name === name);
  if (!user) throw new Error(`No user ${name}`);
  userGroups.learn({
    id: user.id,
    team_id: user.teamId,
    name,
    deleted: user.deleted,
    is_restricted: user.isRestricted,
    profile: { email: user.email },
    ...differences,
  });
}

const crowd = { handle: "crowd", members: [...PEOPLE.map(({ name }) => name), "robot", "mute", "hallpass"] };
const withCrowd = {
  seed: {
    people: [...PEOPLE, { name: "robot", isBot: true }, { name: "mute", email: "" }],
    usergroups: [
      crowd,
      { handle: "engineers", members: ["alice", "alice2", "bob"] },
      { handle: "empty", members: [] },
      { handle: "former", members: ["bob"], disabled: true },
    ],
    channels: [],
  },
};

describe("members", () => {
  test("are known by their addresses, from one call for the groups and one for the accounts", async () => {
    await start(withCrowd);
    expect(userGroups.remembered("engineers")).toBeUndefined();
    const [byHandle, byId, again] = await Promise.all(["engineers", "S0ENGINEERS", "Engineers"].map(members));
    expect([byHandle, byId, again]).toEqual(Array.from({ length: 3 }, () => ["alice", "bob"]));
    expect(userGroups.remembered("engineers")).toEqual(new Set(["alice@example.com", "bob@example.com"]));
    expect(await members("empty")).toEqual([]);
    expect(lists()).toEqual({ groups: 1, accounts: 1 });
    expect(userGroups.mentionOf("engineers")).toBe("S0ENGINEERS");
  });

  test("who may do nothing here are none: guests, strangers, bots, deactivated, without an address", async () => {
    await start(withCrowd);
    expect(await members("crowd")).toEqual(["alice", "bob", "carol", "dana", "erin"]);
  });

  test("are those of the whole organisation on Enterprise Grid, wherever their home is, and nobody of another", async () => {
    const organisation = GRID_TEAM.enterprise?.id ?? "";
    const people = [
      { name: "here" },
      { name: "sister", id: "W0SISTER", teamId: SISTER_TEAM_ID },
      { name: "homeless", id: "W0HOMELESS", teamId: organisation },
      { name: "guest", teamId: SISTER_TEAM_ID, isRestricted: true },
      { name: "partner", teamId: OTHER_TEAM_ID, enterpriseId: "E0ELSEWHERE" },
      { name: "neighbour", teamId: OTHER_TEAM_ID, enterpriseId: undefined },
    ];
    const usergroups = [{ handle: "all", members: people.map(({ name }) => name) }];
    await start({ seed: { team: GRID_TEAM, people, usergroups, channels: [] } });
    expect(await members("all")).toEqual(["here", "homeless", "sister"]);
    expect(lists()).toEqual({ groups: 1, accounts: 1 });

    learnFrom("sister", { enterprise_user: { enterprise_id: "E0ELSEWHERE", teams: [SISTER_TEAM_ID] } });
    learnFrom("partner", { enterprise_user: { enterprise_id: organisation, teams: [] } });
    learnFrom("homeless", { team_id: undefined });
    learnFrom("guest", { is_restricted: false, enterprise_user: { teams: [TEAM.id] } });
    expect(await members("all")).toEqual(["guest", "here", "partner"]);
    expect(lists()).toEqual({ groups: 1, accounts: 1 });
  });

  test("are found on every page of the workspace's accounts", async () => {
    const people = Array.from({ length: 1_100 }, (_, index) => ({ name: `p${index}` }));
    await start({
      seed: { people, channels: [], usergroups: [{ handle: "ends", members: ["p0", "p999", "p1099"] }] },
    });
    expect(await members("ends")).toEqual(["p0", "p1099", "p999"]);
    expect(lists().accounts).toBe(2);
  });
});

describe("a change is seen", () => {
  test("of a group: what was asked more than five seconds before Slack told of it is used no more", async () => {
    await start();
    expect(await members("orders-leads")).toEqual(["bob", "carol"]);
    now = 5_000;
    await slack.changeUsergroup("orders-leads", ["bob"]);
    userGroups.forget();
    expect(userGroups.remembered("orders-leads")).toBeUndefined();
    expect(await members("orders-leads")).toEqual(["bob"]);
    expect(lists()).toEqual({ groups: 2, accounts: 1 });
  });

  test("of a group in a storm of changes, by no more than a call each five seconds", async () => {
    await start();
    await members("engineers");
    for (let second = 0; second < 60; second += 1) {
      now += 1_000;
      userGroups.forget();
      await members("engineers");
    }
    expect(lists()).toEqual({ groups: 13, accounts: 1 });
  });

  test("of an account, at once and without a call", async () => {
    await start();
    await members("engineers");
    await changeUser("erin", { deleted: true });
    await changeUser("carol", { isRestricted: true });
    learnFrom("bob", { is_email_confirmed: false });
    learnFrom("alice", { profile: { email: "Alice.Archer@example.com" } });
    expect(await members("engineers")).toEqual(["alice", "alice.archer"]);
    await changeUser("carol", { isRestricted: false });
    expect(userGroups.remembered("engineers")?.has("carol@example.com")).toBe(true);
    expect(lists()).toEqual({ groups: 1, accounts: 1 });
  });

  test("of an account, but not one that is older than what is known", async () => {
    await start();
    await members("engineers");
    learnFrom("bob", { deleted: true, updated: 20 });
    learnFrom("bob", { updated: 10 });
    expect(await members("orders-leads")).toEqual(["carol"]);
    learnFrom("bob", { updated: 20 });
    expect(await members("orders-leads")).toEqual(["bob", "carol"]);
  });

  test("of an account while all are being listed", async () => {
    await start();
    await members("engineers");
    now = 8 * 60_000;
    // The list that was answered before the change arrives after the event.
    slack.faults.slow(100, ["users.list"], "after");
    expect(userGroups.remembered("orders-leads")?.size).toBe(2);
    await slack.until(() => lists().accounts === 1, "the list to be on its way");
    learnFrom("bob", { deleted: true, updated: 20 });
    await slack.until(() => lists().accounts === 2, "the list to arrive");
    expect(await members("orders-leads")).toEqual(["carol"]);
    now = 10 * 60_000;
    // What was asked at eight minutes may still be on its way back to us.
    await slack.until(() => userGroups.remembered("orders-leads"), "what was listed at eight minutes");
    expect(await members("orders-leads")).toEqual(["carol"]);
    expect(lists().accounts).toBe(2);
  });

  test("of nothing Slack told us, after ten minutes", async () => {
    await start();
    await members("orders-leads");
    await slack.changeUsergroup("orders-leads", ["bob", "dana"]);
    await slack.changeUser("bob", { deleted: true });
    now = 8 * 60_000 - 1;
    expect(await members("orders-leads")).toEqual(["bob", "carol"]);
    now = 10 * 60_000;
    expect(userGroups.remembered("orders-leads")).toBeUndefined();
    expect(await members("orders-leads")).toEqual(["dana"]);
  });

  test("of who has joined the workspace since and is in a group", async () => {
    await start();
    await members("security");
    now = 60_000;
    const [dana] = slack.workspace.users().filter(({ name }) => name === "dana");
    if (dana) slack.workspace.putUser({ ...dana, id: "U0NEW", name: "new", email: "new@example.com" });
    await slack.changeUsergroup("security", ["dana", "new", "sam"]);
    userGroups.forget();
    expect(await members("security")).toEqual(["dana", "new"]);
    expect(userGroups.remembered("security")?.size).toBe(2);
    // A stranger is in no list, however often we ask.
    expect(lists()).toEqual({ groups: 2, accounts: 2 });
  });
});

describe("what cannot be read says why", () => {
  test("a list of accounts that does not end", async () => {
    await start();
    const body = JSON.stringify({ ok: true, members: [], response_metadata: { next_cursor: "the same" } });
    slack.faults.answerOddly("users.list", { body, isDone: false }, 100);
    await expect(members("engineers")).rejects.toThrow("Slack's list of accounts does not end");
    expect(slack.calls("users.list").length).toBeLessThan(5);
  });

  test("a group that does not exist, until it does", async () => {
    await start();
    await expect(members("dbas")).rejects.toThrow(
      "Slack has no user group @dbas: check its handle, or make it there",
    );
    expect(userGroups.mentionOf("dbas")).toBeUndefined();
    now = 5_000;
    await slack.addUsergroup({ handle: "dbas", members: ["erin"] });
    userGroups.forget();
    expect(await members("dbas")).toEqual(["erin"]);
  });

  test("a group that is disabled, until it is enabled", async () => {
    await start(withCrowd);
    await expect(members("former")).rejects.toThrow("the Slack user group @former is disabled");
    await expect(members("S0FORMER")).rejects.toThrow("the Slack user group S0FORMER is disabled");
    now = 5_000;
    await slack.editUsergroup("former", { disabled: false });
    userGroups.forget();
    expect(await members("former")).toEqual(["bob"]);
  });

  test("one of several groups of the same handle unless it is named by its id, and another workspace's", async () => {
    const twins = [
      { id: "S0A", handle: "twins", members: ["bob"] },
      { id: "S0B", handle: "twins", members: ["dana"] },
      { handle: "guests", members: ["bob"], isExternal: true },
    ];
    await start({ seed: { usergroups: twins } });
    await expect(members("guests")).rejects.toThrow("Slack has no user group @guests");
    await expect(members("twins")).rejects.toThrow(
      "several user groups @twins: name one by its id, S0A or S0B",
    );
    expect(await members("S0B")).toEqual(["dana"]);
  });

  test.each([
    ["users:read", "the Slack app lacks the scope usergroups:read: install the app again from manifest.yml"],
    ["usergroups:read", "the Slack app lacks the scope users:read: install the app again from manifest.yml"],
  ])("an app that has only %s", async (scope, why) => {
    await start({ scopes: [scope] });
    await expect(members("engineers")).rejects.toThrow(why);
  });

  test("a group of which Slack does not say who is in it", async () => {
    await start();
    const usergroups = [
      { id: "S0SILENT", handle: "silent", user_count: 2 },
      { id: "S0NONE", handle: "none" },
    ];
    const server = createServer((_, response) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ ok: true, team_id: "T0", members: [], usergroups }));
    }).listen(0, "127.0.0.1");
    others.push(server);
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    userGroups = createUserGroups(clientOf(`http://127.0.0.1:${port}/`, "xoxb-any"), () => now);
    await expect(members("silent")).rejects.toThrow("Slack does not say who is in the user group @silent");
    expect(await members("none")).toEqual([]);
  });

  test("a workspace whose plan has no groups", async () => {
    await start();
    slack.faults.failNext("usergroups.list", "plan_upgrade_required");
    await expect(members("engineers")).rejects.toThrow(
      "plan has no user groups: list the members in the policy instead",
    );
  });

  test("a token that was revoked, and Slack out of reach; and neither is asked again at once", async () => {
    await start();
    await members("engineers");
    now = 5_000;
    userGroups.forget();
    slack.faults.revokeToken();
    await expect(members("engineers")).rejects.toThrow(
      "Slack refuses the token (token_revoked): check SLACK_BOT_TOKEN",
    );
    slack.faults.clear();
    slack.faults.down();
    now = 9_999;
    await expect(members("engineers")).rejects.toThrow("token_revoked");
    now = 10_000;
    await expect(members("engineers")).rejects.toThrow("Slack cannot be used: it answered with HTTP 503");
    slack.faults.clear();
    now = 15_000;
    expect(await members("engineers")).toHaveLength(4);
  });

  test("what was read before, once its time is over and Slack is down", async () => {
    await start();
    await members("engineers");
    slack.faults.down();
    now = 10 * 60_000;
    await expect(members("engineers")).rejects.toThrow("Slack cannot be used: it answered with HTTP 503");
    expect(userGroups.remembered("engineers")).toBeUndefined();
  });
});

describe("asked to wait", () => {
  test("nothing is asked before that time", async () => {
    await start();
    await members("engineers");
    now = 5_000;
    userGroups.forget();
    slack.faults.rateLimit("usergroups.list", 30);
    await expect(members("engineers")).rejects.toThrow("Slack takes no more calls for 30 s");
    now = 34_999;
    await expect(members("engineers")).rejects.toThrow("Slack takes no more calls for 1 s");
    expect(lists().groups).toBe(2);
    now = 40_000;
    expect(await members("engineers")).toHaveLength(4);
  });

  test("in the middle of a long list, it goes on from there", async () => {
    const people = Array.from({ length: 1_100 }, (_, index) => ({ name: `p${index}` }));
    await start({ seed: { people, channels: [], usergroups: [{ handle: "last", members: ["p1099"] }] } });
    const stop = slack.workspace.onChange(() => {
      if (lists().accounts === 0) return;
      slack.faults.rateLimit("users.list", 30);
      stop();
    });
    await expect(members("last")).rejects.toThrow("Slack takes no more calls for 30 s");
    now = 30_000;
    expect(await members("last")).toEqual(["p1099"]);
    const cursors = slack
      .calls("users.list")
      .map(({ httpStatus, args }) => [httpStatus, objectOf(args).cursor]);
    expect(cursors.map(([status]) => status)).toEqual([200, 429, 200]);
    expect(cursors[2]).toEqual([200, cursors[1]?.[1]]);
  });
});

test("nobody waits longer than two seconds for Slack, and what it answers later is used", async () => {
  await start();
  slack.faults.slow(2_300, ["usergroups.list"]);
  await expect(members("engineers")).rejects.toThrow("Slack has not answered for 2 s");
  await slack.until(() => lists().groups === 1, "Slack to answer");
  slack.faults.clear();
  expect(await members("engineers")).toHaveLength(4);
  expect(lists().groups).toBe(1);
});
