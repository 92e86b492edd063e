import type { WebClient } from "@slack/web-api";
import { createMemory } from "../groups/memory.ts";
import { AskedToWait, createPause } from "../groups/pause.ts";
import { identifyAccount, type Workspace } from "./identify.ts";
import { type SlackUser, toAccount } from "./directory.ts";
import { askSlack } from "./ask-slack.ts";

/** All accounts of the workspace, as far as they may act here. */
export type AccountList = {
  read(): Promise<Accounts>;
  /** The same without waiting; `undefined` where Slack would have to be asked. */
  remembered(): Accounts | undefined;
  /** What was listed before now may lack accounts. */
  forget(): void;
  /** Slack told what an account is like now. */
  learn(user: SlackUser): void;
};

export type Accounts = {
  /** The e-mail address by the account's id; `undefined` for an account that may do nothing here. */
  readonly emails: ReadonlyMap<string, string | undefined>;
  /** By the monotonic clock. */
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
/** Slack's most: each page is a call, of which it takes 20 a minute. */
/** More than any workspace has. */
const maxPages = 5_000;
const pageSize = 1_000;

/** Lists who is in the workspace by `users.list`: a `users.info` for each member of each group would be far more calls. */
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
    // A workspace of more pages than Slack gives out in a minute would never be listed if each attempt began anew.
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
    // The event has the whole account: what changed counts at once, and a workspace's many changes of status cost no call.
    learn(user) {
      for (const listing of [memory.remembered(), unfinished]) if (listing) learnOf(listing, user);
    },
  };
}

/** A page may be older than an event that came while it was on its way. */
function add(listing: Listing, user: SlackUser): void {
  const known = listing.updatedAt.get(user.id);
  if (known === undefined || known < (user.updated ?? 0)) set(listing, user);
}

/** Slack delivers an event again, late and out of order, when it was not taken at once. */
function learnOf(listing: Listing, user: SlackUser): void {
  const known = listing.updatedAt.get(user.id);
  if (known === undefined || known <= (user.updated ?? 0)) set(listing, user);
}

function set({ workspace, emails, updatedAt }: Listing, user: SlackUser): void {
  const identity = identifyAccount(workspace, toAccount(user));
  emails.set(user.id, identity.known ? identity.person.email : undefined);
  updatedAt.set(user.id, user.updated ?? 0);
}
