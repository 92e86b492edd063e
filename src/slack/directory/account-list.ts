import type { WebClient } from "@slack/web-api";
import { createMemory } from "../../groups/memory.ts";
import { AskedToWait, createPause } from "../../groups/pause.ts";
import { identifyAccount, type Workspace } from "./identify.ts";
import { type SlackUser, toAccount } from "./directory.ts";
import { askSlack } from "../client/ask-slack.ts";

/** All accounts of the workspace, and which of them may act here. */
export type AccountList = {
  read(): Promise<Accounts>;
  /** The same from the cache; `undefined` if Slack would have to be asked. */
  remembered(): Accounts | undefined;
  /** Marks the cached list as outdated: it may lack accounts. */
  forget(): void;
  /** Updates one account in the list from a `user_change` event. */
  learn(user: SlackUser): void;
};

export type Accounts = {
  /** The e-mail address by the account's id; `undefined` for an account that may do nothing here. */
  readonly emails: ReadonlyMap<string, string | undefined>;
  /** When the listing began, in milliseconds of the monotonic clock. */
  readonly listedAt: number;
};

type Listing = {
  readonly workspace: Workspace;
  readonly emails: Map<string, string | undefined>;
  readonly updatedAt: Map<string, number>;
  readonly listedAt: number;
  cursor: string | undefined;
  pages: number;
};

const ttlMs = 10 * 60_000;
/** More than any workspace has; a longer list never ends. */
const maxPages = 5_000;
/** Slack's maximum; each page is a call, and the rate limit is 20 a minute. */
const pageSize = 1_000;

/** Lists the workspace's accounts with `users.list`; a `users.info` for each member of each group would be far more calls. */
export function createAccountList(client: WebClient, now: () => number): AccountList {
  const pause = createPause("Slack", now);
  let workspace: Workspace | undefined;
  let unfinished: Listing | undefined;

  async function askWorkspace(): Promise<Workspace> {
    const { team_id: teamId, enterprise_id: enterpriseId } = await askSlack(pause, () => client.auth.test());
    if (teamId === undefined) throw new Error("Slack does not say which workspace SLACK_BOT_TOKEN is for");
    return { teamId, enterpriseId: typeof enterpriseId === "string" ? enterpriseId : undefined };
  }

  async function list(): Promise<Listing> {
    workspace ??= await askWorkspace();
    // Resume an unfinished list: a workspace of more pages than the rate limit allows per minute would otherwise never be listed.
    if (!unfinished || now() - unfinished.listedAt >= ttlMs) {
      const none = { emails: new Map(), updatedAt: new Map(), cursor: undefined, pages: 0 };
      unfinished = { ...none, workspace, listedAt: now() };
    }
    const listing = unfinished;
    try {
      do {
        const { cursor } = listing;
        const page = await askSlack(pause, () =>
          client.users.list({ limit: pageSize, ...(cursor === undefined ? {} : { cursor }) }),
        );
        for (const { id, ...user } of page.members ?? []) if (id !== undefined) add(listing, { ...user, id });
        listing.cursor = page.response_metadata?.next_cursor || undefined;
        listing.pages += 1;
        if ((listing.cursor !== undefined && listing.cursor === cursor) || listing.pages > maxPages)
          throw new Error("Slack's list of accounts does not end");
      } while (listing.cursor !== undefined);
    } catch (error) {
      if (!(error instanceof AskedToWait)) unfinished = undefined;
      throw error;
    }
    unfinished = undefined;
    return listing;
  }

  const memory = createMemory("Slack", list, { ttlMs, now });
  return {
    read: () => memory.read(),
    remembered: () => memory.remembered(),
    forget: () => memory.forget(),
    // The event has the whole account, so a change counts at once and a workspace's many changes of status cost no call.
    learn(user) {
      for (const listing of [memory.remembered(), unfinished]) if (listing) learnOf(listing, user);
    },
  };
}

/** Adds an account from a page, unless an event that arrived meanwhile is at least as new. */
function add(listing: Listing, user: SlackUser): void {
  const known = listing.updatedAt.get(user.id);
  if (known === undefined || known < (user.updated ?? 0)) set(listing, user);
}

/** Applies an event, unless a newer one is known: Slack redelivers an unacknowledged event late and out of order. */
function learnOf(listing: Listing, user: SlackUser): void {
  const known = listing.updatedAt.get(user.id);
  if (known === undefined || known <= (user.updated ?? 0)) set(listing, user);
}

function set({ workspace, emails, updatedAt }: Listing, user: SlackUser): void {
  const identity = identifyAccount(workspace, toAccount(user));
  emails.set(user.id, identity.known ? identity.person.email : undefined);
  updatedAt.set(user.id, user.updated ?? 0);
}
