import type { WebClient } from "@slack/web-api";
import { createPause } from "../../groups/pause.ts";
import { ChannelError, codeOf } from "../client/errors.ts";
import { askWhenFree } from "../client/ask-slack.ts";

/** Finds channels by name. */
export type ChannelList = {
  /**
   * The id of the channel that had the name when Slack listed it, some minutes ago at most; `undefined` if the bot sees
   * no unarchived one. Throws `AskedToWait` while Slack's rate limit is in force, and a `ChannelError` when the search
   * for a name has taken too long.
   */
  find(name: string): Promise<string | undefined>;
  /** Drops a name from the list: the channel listed under it is no longer the right one. */
  forget(name: string): void;
};

/** Slack's own limit for a page. */
const pageSize = 1_000;
/** A list older than this is read again: channels come and go. */
const passTtlMs = 10 * 60_000;
/**
 * Interval per page. A missing name is looked up repeatedly, so reread the list no faster than Slack's rate limit
 * allows; a list of one page is reread on every search.
 */
const pageMs = 3_000;
/** A search gives up after this, because a requester must hear within a minute where their request went. */
const patienceMs = 40_000;
const maxNames = 1_000;
/** More than any workspace has; a list that never ends is cut off here. */
const maxPages = 1_000;

type Pass = {
  readonly idsByName: Map<string, string>;
  readAt: number;
  pages: number;
  cursor: string | undefined;
  isComplete: boolean;
};

/**
 * Reads the workspace's channels page by page. The rate limit is about twenty pages a minute (conversations.list is
 * tier 2), so pages already read are kept during a pause and a large workspace is still read to its end.
 */
export function createChannelList(client: WebClient, now: () => number): ChannelList {
  const pause = createPause("Slack", now);
  const soughtSince = new Map<string, number>();
  let gaveUpAt = -Infinity;
  let pass = newPass();
  let reading: Promise<void> | undefined;

  function newPass(): Pass {
    return { idsByName: new Map(), readAt: now(), pages: 0, cursor: undefined, isComplete: false };
  }

  async function readPage(): Promise<void> {
    if (pass.isComplete || now() - pass.readAt >= passTtlMs) pass = newPass();
    const { cursor } = pass;
    const answer = await askWhenFree(pause, () =>
      client.conversations.list({
        types: "public_channel,private_channel",
        exclude_archived: true,
        limit: pageSize,
        ...(cursor === undefined ? {} : { cursor }),
      }),
    ).catch((error: unknown) => {
      if (codeOf(error) === "invalid_cursor") pass = newPass();
      throw error;
    });
    for (const { id, name } of answer.channels ?? [])
      if (id !== undefined && name !== undefined) pass.idsByName.set(name, id);
    const next = answer.response_metadata?.next_cursor || undefined;
    pass.readAt = now();
    pass.pages += 1;
    // A repeated cursor would never end.
    pass.isComplete = next === undefined || next === cursor || pass.pages >= maxPages;
    pass.cursor = next;
  }

  /** Concurrent searches share one request. */
  function nextPage(): Promise<void> {
    reading ??= readPage().finally(() => (reading = undefined));
    return reading;
  }

  async function search(name: string, since: number): Promise<string | undefined> {
    const began = now();
    for (let pages = 0; ; pages += 1) {
      const isKept = now() - pass.readAt < passTtlMs;
      const id = isKept ? pass.idsByName.get(name) : undefined;
      if (id !== undefined) return id;
      if (pass.isComplete && pass.readAt >= began - (pass.pages - 1) * pageMs) return undefined;
      // Read at least one more page per search, even after the time limit.
      if (pages > 0 && now() - since >= patienceMs) throw new Error("it takes too long");
      await nextPage();
    }
  }

  return {
    async find(name) {
      const since = soughtSince.get(name) ?? now();
      if (soughtSince.size >= maxNames) soughtSince.clear();
      soughtSince.set(name, since);
      try {
        const id = await search(name, since);
        soughtSince.delete(name);
        return id;
      } catch (error) {
        const soughtMs = now() - since;
        // Once a search has given up, one for the fallback channel soon after it gives up at its first error instead of waiting as long.
        if (soughtMs < patienceMs && now() - gaveUpAt >= patienceMs) throw error;
        gaveUpAt = now();
        soughtSince.delete(name);
        throw new ChannelError(
          `the channel #${name} has not been found in ${Math.round(soughtMs / 1_000)} s, among ${pass.idsByName.size} ` +
            "channels that Slack has listed so far: name it by its id in the policy",
          { cause: error },
        );
      }
    },
    forget(name) {
      pass.idsByName.delete(name);
    },
  };
}
