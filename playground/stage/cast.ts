import { everybodyNamed } from "../../src/policy/everybody.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { subjectFor } from "../../src/policy/subject.ts";
import { channelFrom, type PersonSeed, userFrom } from "../../slack-simulator/seed.ts";
import type { Workspace } from "../../slack-simulator/workspace.ts";
import { people as usual, seed, type StagePerson } from "./people.ts";
import { ordersVariable } from "./policy.ts";

/** More would make the switch a list to search. */
const mostPeople = 30;

/** Who and what a policy names that the playground has not by itself. */
export type Cast = {
  readonly people: readonly StagePerson[];
  readonly accounts: readonly PersonSeed[];
  /** Channels of the policy, by name. */
  readonly channels: readonly string[];
  /** So many people of the policy have no account here. */
  readonly leftOut: number;
};

/** The people of a policy get accounts, so that one can be them, and its channels are made. */
export function castOf(policy: Policy): Cast {
  const known = new Set(
    (seed.people ?? []).map((person) => userFrom(person, { id: "", name: "", domain: "" }).email),
  );
  const missing = [...everybodyNamed(policy)].filter((email) => !known.has(email)).toSorted();
  const taken = new Set(usual.map(({ name }) => plain(name)));
  const accounts = missing.slice(0, mostPeople).map((email): PersonSeed => {
    const name = nameFor(email, taken);
    taken.add(plain(name));
    return { name, email, realName: realNameOf(email) };
  });
  return {
    accounts,
    // As the orders database knows whom `people` does not name.
    people: accounts.map(({ name, email = "" }) => ({
      name,
      part: "in your policy",
      login: loginOf(policy, email),
    })),
    channels: channelsOf(policy),
    leftOut: missing.length - accounts.length,
  };
}

/** Puts whoever and whatever is missing into the workspace; everybody is in each of the policy's channels. */
export function seat(workspace: Workspace, { accounts, channels }: Cast): void {
  for (const account of accounts) {
    const user = userFrom(account, workspace.team);
    if (!workspace.user(user.id)) workspace.putUser(user);
  }
  const everyone = workspace
    .users()
    .filter((user) => !user.isStranger && !user.deleted && !user.isRestricted);
  const idOf = (name: string): string => everyone.find((user) => user.name === name)?.id ?? name;
  const names = everyone.map(({ name }) => name);
  for (const name of channels) {
    const made = channelFrom({ name }, names, idOf);
    const there = workspace.findChannel(name);
    const members = [...new Set([...(there?.members ?? []), ...made.members])];
    workspace.putChannel({ ...(there ?? made), members });
  }
}

/** Roles of that server that are no person's. */
const reserved = /^(?:pg_|hallpass|postgres$|orders_)/u;

function loginOf(policy: Policy, email: string): string | null {
  const provider = ordersProvider(policy);
  const login = provider === undefined ? undefined : subjectFor(policy, provider, email);
  return login === undefined || reserved.test(login) ? null : login;
}

/** The provider that leads to the playground's own database, if one does. */
function ordersProvider({ providers }: Policy): string | undefined {
  const leads = ([, { options }]: readonly [string, { readonly options: unknown }]): boolean =>
    JSON.stringify(options).includes(`\${${ordersVariable}}`);
  return [...providers].find(leads)?.[0];
}

function channelsOf({ settings, rules }: Policy): readonly string[] {
  const { channel, alerts, audit } = settings;
  const ofRules = rules.flatMap((rule) => (rule.decision === "deny" ? [] : [rule.channel]));
  const written = [channel, alerts, ...(audit === undefined ? [] : [audit]), ...ofRules];
  return [...new Set(written.flatMap((text) => (text.startsWith("#") ? [text.slice(1)] : [])))];
}

/** `frank.miller@corp.example` is frank.miller, or frank.miller2 where there is one already. */
function nameFor(email: string, taken: ReadonlySet<string>): string {
  const local = (email.split("@")[0] ?? "").toLowerCase().replace(/[^a-z0-9._-]/gu, "");
  const base = plain(local) === "" ? "somebody" : local;
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? base : `${base}${number}`;
    if (!taken.has(plain(name))) return name;
  }
}

/** Ids in the simulated Slack are made of these characters. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/gu, "");
}

function realNameOf(email: string): string {
  const words = (email.split("@")[0] ?? email).split(/[._-]+/u).filter((word) => word !== "");
  return words.map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`).join(" ") || email;
}
