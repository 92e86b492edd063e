import type { SeedOptions } from "../../slack-simulator/seed.ts";
import { OTHER_TEAM_ID } from "../../slack-simulator/seed.ts";

/** Somebody one can be. */
export type StagePerson = {
  /** Their Slack user name. */
  readonly name: string;
  /** What they are in the story. */
  readonly part: string;
  /** Their login at the guarded database; null for who has none. */
  readonly login: string | null;
};

/** Everybody one can be, in the order of the switch. */
export const people: readonly StagePerson[] = [
  { name: "alice", part: "engineer", login: "alice" },
  { name: "bob", part: "lead", login: "bob" },
  { name: "carol", part: "second lead", login: "carol" },
  { name: "dana", part: "security and auditor", login: "dana" },
  { name: "erin", part: "on call", login: "erin" },
  { name: "greta", part: "guest", login: null },
  { name: "sam", part: "from another company", login: null },
  { name: "dave", part: "deactivated", login: null },
];

const staff = ["alice", "bob", "carol", "dana", "erin"];
const bot = "hallpass";

/** The workspace at its very beginning. */
export const seed: SeedOptions = {
  people: [
    { name: "alice", realName: "Alice Archer", timezone: "Europe/London" },
    { name: "bob", realName: "Bob Baker", timezone: "America/New_York" },
    { name: "carol", realName: "Carol Cook", timezone: "Europe/Berlin" },
    { name: "dana", realName: "Dana Drew", timezone: "Europe/London" },
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
  ],
  channels: [
    { name: "access-requests", members: [...staff, bot] },
    { name: "orders-approvals", members: [...staff, bot] },
    { name: "access-alerts", members: [...staff, bot] },
    { name: "access-audit", members: [...staff, bot] },
    { name: "general", members: [...staff, "greta", bot] },
    { name: "partner-orders", isExtShared: true, members: ["alice", "bob", "sam", bot] },
  ],
  usergroups: [
    { handle: "engineers", name: "Engineers", members: ["alice", "erin"] },
    { handle: "orders-leads", name: "Orders leads", members: ["bob", "carol"] },
    { handle: "security", name: "Security", members: ["dana"] },
  ],
};
