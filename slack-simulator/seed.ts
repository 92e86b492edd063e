import type { Channel, InstalledApp, Team, User, Usergroup } from "./model.ts";
import type { WorkspaceSeed } from "./workspace.ts";

/** A person as a test writes one: only `name` is needed. */
export type PersonSeed = Pick<User, "name"> & Partial<User>;

/** A channel as a test writes one; `members` are user names, the app's own name invites the bot. */
interface ChannelSeed {
  readonly name: string;
  readonly id?: string;
  readonly kind?: "public" | "private";
  readonly isArchived?: boolean;
  readonly isExtShared?: boolean;
  readonly members?: readonly string[];
}

/** `members` are user names. */
export interface UsergroupSeed {
  readonly handle: string;
  readonly id?: string;
  readonly name?: string;
  readonly members: readonly string[];
  readonly disabled?: boolean;
  readonly isExternal?: boolean;
}

export interface SeedOptions {
  readonly team?: Team;
  readonly app?: InstalledApp;
  readonly people?: readonly PersonSeed[];
  readonly channels?: readonly ChannelSeed[];
  readonly usergroups?: readonly UsergroupSeed[];
}

export const TEAM: Team = { id: "T0HALLPASS", name: "Example", domain: "example" };
/** The same workspace as one of an organisation on Enterprise Grid, and another of its workspaces. */
export const GRID_TEAM: Team = { ...TEAM, enterprise: { id: "E0EXAMPLE", name: "Example Group" } };
export const SISTER_TEAM_ID = "T0SISTER";
export const OTHER_TEAM_ID = "T0STRANGER";
export const APP: InstalledApp = {
  id: "A0HALLPASS",
  name: "hallpass",
  botId: "B0HALLPASS",
  botUserId: "U0HALLPASS",
};

/** The people every test knows: see the design's example policy. */
export const PEOPLE: readonly PersonSeed[] = [
  { name: "alice", realName: "Alice Archer", timezone: "Europe/London" },
  { name: "alice2", realName: "Alice Archer (second account)", email: "alice@example.com" },
  { name: "bob", realName: "Bob Baker", timezone: "America/New_York" },
  { name: "carol", realName: "Carol Cook" },
  { name: "dana", realName: "Dana Drew" },
  { name: "erin", realName: "Erin Early", timezone: "Asia/Tokyo" },
  { name: "greta", realName: "Greta Guest", isRestricted: true },
  {
    name: "sam",
    realName: "Sam Stranger",
    email: "sam@elsewhere.example",
    isStranger: true,
    teamId: OTHER_TEAM_ID,
  },
  { name: "dave", realName: "Dave Departed", deleted: true },
];

const CHANNELS: readonly ChannelSeed[] = [
  { name: "general" },
  { name: "access-requests" },
  { name: "orders-approvals" },
  { name: "access-alerts" },
  { name: "access-audit" },
  { name: "old-requests", isArchived: true },
  { name: "shared-with-partner", isExtShared: true, members: [...insiders(), "sam", APP.name] },
  { name: "leads-only", kind: "private", members: ["bob", "carol"] },
];

const USERGROUPS: readonly UsergroupSeed[] = [
  { handle: "engineers", name: "Engineers", members: ["alice", "alice2", "bob", "carol", "erin"] },
  { handle: "orders-leads", name: "Orders leads", members: ["bob", "carol"] },
  { handle: "security", name: "Security", members: ["dana"] },
];

/** Turns names into the records of a workspace. Ids are stable: `alice` is always `U0ALICE`. */
export function seedWorkspace(options: SeedOptions = {}): WorkspaceSeed {
  const team = options.team ?? TEAM;
  const app = options.app ?? APP;
  const people = (options.people ?? PEOPLE).map((person) => userFrom(person, team));
  const bot = userFrom(
    { name: app.name, id: app.botUserId, realName: "Hallpass", email: "", isBot: true },
    team,
  );
  const users = [...people, bot];
  const idOf = (name: string): string => {
    const user = users.find((candidate) => candidate.name === name);
    if (user === undefined) throw new Error(`Seed: expected a known user name, got "${name}"`);
    return user.id;
  };
  const everyone = users.filter((user) => !user.isStranger && !user.deleted).map((user) => user.name);
  return {
    team,
    app,
    users,
    channels: (options.channels ?? CHANNELS).map((channel) => channelFrom(channel, everyone, idOf)),
    usergroups: (options.usergroups ?? USERGROUPS).map((group) => usergroupFrom(group, idOf)),
  };
}

function insiders(): readonly string[] {
  return PEOPLE.filter((person) => person.deleted !== true && person.isStranger !== true).map(
    (person) => person.name,
  );
}

/** A user as a test writes one, with a stable id: `alice` is always `U0ALICE`. */
export function userFrom(person: PersonSeed, team: Team): User {
  return {
    id: idFrom("U", person.name),
    teamId: team.id,
    enterpriseId: person.isStranger === true ? undefined : team.enterprise?.id,
    realName: person.name,
    email: `${person.name}@example.com`,
    timezone: "Europe/London",
    deleted: false,
    isBot: false,
    isRestricted: false,
    isUltraRestricted: false,
    isStranger: false,
    isAppUser: false,
    ...person,
  };
}

/** A channel as a test writes one, with a stable id; `everyone` where it names no members. */
export function channelFrom(
  channel: ChannelSeed,
  everyone: readonly string[],
  idOf: (name: string) => string,
): Channel {
  return {
    id: channel.id ?? idFrom("C", channel.name),
    name: channel.name,
    kind: channel.kind ?? "public",
    isArchived: channel.isArchived ?? false,
    isExtShared: channel.isExtShared ?? false,
    members: (channel.members ?? everyone).map(idOf),
    createdAt: 1_600_000_000_000,
  };
}

/** A user group with a stable id: `engineers` is always `S0ENGINEERS`. */
export function usergroupFrom(group: UsergroupSeed, idOf: (name: string) => string): Usergroup {
  return {
    id: group.id ?? idFrom("S", group.handle),
    handle: group.handle,
    name: group.name ?? group.handle,
    members: group.members.map(idOf),
    disabled: group.disabled ?? false,
    isExternal: group.isExternal ?? false,
  };
}

function idFrom(prefix: string, name: string): string {
  return `${prefix}0${name.toUpperCase().replace(/[^A-Z0-9]/g, "")}`;
}
