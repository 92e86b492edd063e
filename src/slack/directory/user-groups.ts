import type { WebClient } from "@slack/web-api";
import { createMemory } from "../../groups/memory.ts";
import { createPause } from "../../groups/pause.ts";
import { type Accounts, createAccountList } from "./account-list.ts";
import type { SlackUser } from "./directory.ts";
import { askSlack } from "../client/ask-slack.ts";

/** Slack's user groups, by their handle (without the `@`) or id. */
export type UserGroups = {
  /**
   * E-mail addresses, lower case, of those members who may act here: no bots, guests, strangers or deactivated accounts.
   * Throws an error whose message says why a group cannot be read, and what to do.
   */
  members(handleOrId: string): Promise<ReadonlySet<string>>;
  /** The same from the cache; `undefined` if Slack would have to be asked. */
  remembered(handleOrId: string): ReadonlySet<string> | undefined;
  /** Invalidates the cached groups, because Slack reported a change. */
  forget(): void;
  /** Updates a cached account from a `user_change` event. */
  learn(user: SlackUser): void;
  /** The group's id for a mention, `<!subteam^ID>`, from the last read, however old. */
  mentionOf(handleOrId: string): string | undefined;
};

type Group = {
  readonly id: string;
  readonly handle: string;
  readonly isDisabled: boolean;
  readonly userIds: readonly string[] | undefined;
};

type Listed = { readonly groups: readonly Group[]; readonly listedAt: number };

const ttlMs = 10 * 60_000;

/**
 * Reads all user groups with one call, and the accounts of their members with another. The data is at most ten minutes
 * old. Once Slack has reported a group change, data read more than five seconds ago is no longer used, so that a storm
 * of changes costs 12 calls a minute (Slack's limit is 20) and nobody keeps an authority for longer than those seconds.
 */
export function createUserGroups(client: WebClient, now: () => number = () => performance.now()): UserGroups {
  const pause = createPause("Slack", now);
  const accounts = createAccountList(client, now);
  let lastListed: Listed | undefined;

  async function list(): Promise<Listed> {
    const listedAt = now();
    // Include disabled groups, to tell them from those that do not exist.
    const answer = await askSlack(pause, () =>
      client.usergroups.list({ include_users: true, include_disabled: true }),
    );
    const groups = (answer.usergroups ?? []).flatMap((group): readonly Group[] => {
      const { id, handle } = group;
      // Another company's group may have the handle of one of ours.
      if (id === undefined || handle === undefined || group.is_external === true) return [];
      // Slack's reference shows the count as text.
      const userIds = group.users ?? (String(group.user_count ?? 0) === "0" ? [] : undefined);
      return [{ id, handle, isDisabled: (group.date_delete ?? 0) !== 0, userIds }];
    });
    lastListed = { groups, listedAt };
    return lastListed;
  }

  const memory = createMemory("Slack", list, { ttlMs, now });
  return {
    async members(handleOrId) {
      const [listed, known] = await Promise.all([memory.read(), accounts.read()]);
      const userIds = userIdsOf(listed, handleOrId);
      if (!lacks(known, listed, userIds)) return emailsOf(known, userIds);
      accounts.forget();
      return emailsOf(await accounts.read(), userIds);
    },
    remembered(handleOrId) {
      const listed = memory.remembered();
      const known = accounts.remembered();
      if (!listed || !known) return undefined;
      const userIds = find(listed, handleOrId)?.userIds;
      return userIds && !lacks(known, listed, userIds) ? emailsOf(known, userIds) : undefined;
    },
    forget: () => memory.forget(),
    learn: (user) => accounts.learn(user),
    mentionOf: (handleOrId) => lastListed && find(lastListed, handleOrId)?.id,
  };
}

/** The only enabled group of this name; `undefined` if there are several. */
function find({ groups }: Listed, name: string): Group | undefined {
  const [group, another] = named(groups, name).filter(({ isDisabled }) => !isDisabled);
  return another ? undefined : group;
}

function named(groups: readonly Group[], name: string): readonly Group[] {
  const handle = name.toLowerCase();
  return groups.filter((group) => group.id === name || group.handle.toLowerCase() === handle);
}

function userIdsOf(listed: Listed, name: string): readonly string[] {
  const group = find(listed, name);
  if (group?.userIds) return group.userIds;
  if (group) throw new Error(`Slack does not say who is in the user group @${group.handle}`);
  const candidates = named(listed.groups, name);
  const enabled = candidates.filter(({ isDisabled }) => !isDisabled).map(({ id }) => id);
  if (enabled.length > 1)
    throw new Error(`Slack has several user groups @${name}: name one by its id, ${enabled.join(" or ")}`);
  const what = `user group ${name === candidates[0]?.id ? name : `@${name}`}`;
  throw new Error(
    candidates.length > 0
      ? `the Slack ${what} is disabled: enable it there, or name another in the policy`
      : `Slack has no ${what}: check its handle, or make it there`,
  );
}

/** Whether the account list may lack somebody who has joined the workspace since. A member missing from a newer list is a stranger. */
function lacks({ emails, listedAt }: Accounts, listed: Listed, userIds: readonly string[]): boolean {
  return listedAt < listed.listedAt && userIds.some((id) => !emails.has(id));
}

function emailsOf({ emails }: Accounts, userIds: readonly string[]): ReadonlySet<string> {
  return new Set(userIds.flatMap((id) => emails.get(id) ?? []));
}
