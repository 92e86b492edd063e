import { actionKinds } from "../../src/notify/message.ts";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { User } from "../../slack-simulator/model.ts";
import { APP, GRID_TEAM, OTHER_TEAM_ID, PEOPLE, SISTER_TEAM_ID, TEAM } from "../../slack-simulator/seed.ts";
import type { SeedOptions } from "../../slack-simulator/seed.ts";
import { type Ineligible, ineligibleText } from "../../src/slack/directory/identify.ts";
import {
  type Door,
  doors,
  everything,
  furnish,
  type House,
  housePolicy,
  isWindowChanged,
  toldTo,
} from "../support/doors.ts";
import { startWorld, type World, type WorldOptions } from "../support/hallpass.ts";

const organisation = GRID_TEAM.enterprise?.id ?? "";

/** Accounts that may do nothing, each with the address of somebody who may. */
const refused: readonly {
  readonly who: string;
  readonly why: Ineligible;
  readonly is: Partial<User>;
  readonly isUnknown?: true;
}[] = [
  { who: "a guest", why: "guest", is: { isRestricted: true } },
  { who: "a guest of one channel", why: "guest", is: { isUltraRestricted: true } },
  {
    who: "a stranger",
    why: "stranger",
    is: { isStranger: true, teamId: OTHER_TEAM_ID, enterpriseId: undefined },
  },
  {
    who: "a stranger whom Slack does not mark",
    why: "other_workspace",
    is: { teamId: OTHER_TEAM_ID, enterpriseId: undefined },
  },
  {
    who: "somebody of another organisation",
    why: "other_workspace",
    is: { teamId: OTHER_TEAM_ID, enterpriseId: "E0ELSEWHERE" },
  },
  {
    who: "somebody of another organisation without a home",
    why: "other_workspace",
    is: { teamId: "E0ELSEWHERE", enterpriseId: "E0ELSEWHERE" },
  },
  { who: "somebody who has left", why: "deactivated", is: { deleted: true } },
  { who: "a bot", why: "bot", is: { isBot: true } },
  { who: "somebody without an address", why: "no_email", is: { email: "" } },
  { who: "nobody Slack knows", why: "unknown", is: {}, isUnknown: true },
];

const members: SeedOptions = {
  people: PEOPLE.filter(({ name }) => ["alice", "bob", "carol", "dana", "erin"].includes(name)),
  channels: [{ name: "general" }, { name: "access-requests" }, { name: "access-alerts" }],
  usergroups: [],
};
const places: readonly {
  readonly where: string;
  readonly transport: NonNullable<WorldOptions["transport"]>;
  readonly seed: SeedOptions;
  /** Where those who may act are at home. */
  readonly homes: readonly string[];
}[] = [
  { where: "a workspace", transport: "socket", seed: members, homes: [TEAM.id] },
  {
    where: "a workspace of Enterprise Grid",
    transport: "http",
    seed: { ...members, team: GRID_TEAM },
    homes: [TEAM.id, SISTER_TEAM_ID, organisation],
  },
  {
    where: "an organisation",
    transport: "socket",
    seed: { ...members, team: GRID_TEAM, app: { ...APP, isOrgWide: true } },
    homes: [TEAM.id, SISTER_TEAM_ID, organisation],
  },
];

test("every button, select and form of the app has a door", async () => {
  const [app, doorsThere] = await Promise.all(
    ["src/slack/app.ts", "test/support/doors.ts"].map((path) =>
      readFile(join(import.meta.dirname, "../..", path), "utf8"),
    ),
  );
  const selects = [...(app ?? "").matchAll(/^ +\[(\w+ActionId)\]: on\w+,$/gmu)].map(([, id = ""]) => id);
  expect(selects.length).toBeGreaterThan(1);
  const named = [...selects, ...actionKinds.map((kind) => `"${kind}"`)];
  expect(
    named.filter((id) => !new RegExp(`(?:button\\("\\w+", |select\\()${id}\\)`, "u").test(doorsThere ?? "")),
  ).toEqual([]);
});

describe.each(places)("in $where", ({ transport, seed, homes }) => {
  let world: World;
  let house: House;
  let accounts = 0;
  beforeAll(async () => {
    world = await startWorld({ transport, policy: housePolicy, slack: { seed } });
    house = await furnish(world);
  });
  afterAll(() => world?.stop());

  function member(name: string): User {
    const user = world.slack.workspace.user(world.slack.as(name).id);
    if (!user) throw new Error(`No user ${name}`);
    return user;
  }

  /** Another account with the address of a member; Hallpass has not seen it before. */
  function impostor(name: string, { is, isUnknown }: (typeof refused)[number]): User {
    accounts += 1;
    // Slack's ids begin with U or W.
    const id = `${accounts % 2 === 0 ? "U" : "W"}0OTHER${accounts}`;
    const account = { ...member(name), id, name: id.toLowerCase(), ...is };
    if (!isUnknown) world.slack.workspace.putUser(account);
    return account;
  }

  const Refusal = z.object({
    slackId: z.string().nullable(),
    data: z.object({ attempted: z.string(), why: z.string() }),
  });

  async function refusals(): Promise<readonly z.infer<typeof Refusal>[]> {
    const rows = await world.opened(
      `select actor_slack_id as "slackId", data from audit_events where type = 'decision.refused' order by seq`,
    );
    return z.array(Refusal).parse(rows);
  }

  /** Knocks, and waits until the account was told something, sees something else or something happened. */
  async function answerTo(door: Door, account: User): Promise<readonly string[]> {
    const told = toldTo(world, account).length;
    const before = JSON.stringify(await everything(world));
    const offered = await door.knock(house, account);
    await world.slack.until(async () => {
      if (offered.length > 0 || isWindowChanged(house, door, account)) return true;
      // What was set going at another door may still be on its way.
      if (door.isSilent) return false;
      return toldTo(world, account).length > told || JSON.stringify(await everything(world)) !== before;
    }, `an answer at ${door.name}`);
    return toldTo(world, account).slice(told);
  }

  /** What becomes of an account that comes to a door. */
  async function refusalAt(door: Door, account: User): Promise<readonly string[]> {
    expect(await door.knock(house, account)).toEqual([]);
    if (door.isSilent) return [];
    return world.slack.until(() => {
      const told = toldTo(world, account);
      // A window says that it is loading before it says more.
      return told[0] === undefined || told[0].includes("…") ? undefined : told;
    }, `an answer at ${door.name}`);
  }

  it.each(refused)(
    "$who is refused at every door alike: nothing is filed, decided or shown",
    async (kind) => {
      const before = await everything(world);
      const visitors = doors.map((door) => ({ door, account: impostor(door.opensTo, kind) }));
      const told = await Promise.all(visitors.map(({ door, account }) => refusalAt(door, account)));
      // Whatever else would be shown would be shown by the time somebody is who comes later.
      for (const door of doors) if (door.isSilent) await answerTo(door, member(door.opensTo));

      const recorded = await refusals();
      const found = visitors.map(({ door, account }, index) => ({
        door: door.name,
        told: told[index],
        isShownMore: door.isSilent === true && isWindowChanged(house, door, account),
        recorded: recorded.filter(({ slackId }) => slackId === account.id).map(({ data }) => data),
      }));
      const why = ineligibleText[kind.why];
      expect(found).toEqual(
        doors.map(({ name, attempted, isSilent }) => ({
          door: name,
          told: isSilent ? [] : [why],
          isShownMore: false,
          recorded: attempted === undefined ? [] : [{ attempted, why }],
        })),
      );
      expect(await everything(world)).toEqual(before);
    },
  );

  it.each(homes)("the same doors open to members whose home is %s", async (teamId) => {
    for (const name of ["alice", "bob", "dana"]) await world.slack.people.change(name, { teamId });
    const recorded = (await refusals()).length;
    const nobody = Object.values(ineligibleText);
    for (const door of doors) {
      const account = member(door.opensTo);
      world.slack.workspace.putModals(account.id, []);
      const told = await answerTo(door, account);
      expect(told.filter((text) => nobody.some((why) => text.includes(why)))).toEqual([]);
    }
    const since = (await refusals()).slice(recorded);
    expect(since.filter(({ data }) => nobody.includes(data.why))).toEqual([]);
  });
});
