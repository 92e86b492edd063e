import type { WebClient } from "@slack/web-api";
import { createPause } from "../groups/pause.ts";
import { ChannelError, codeOf } from "./slack-errors.ts";
import { askWhenFree } from "./ask-slack.ts";

/** Which channel has a name. */
export type ChannelList = {
  /**
   * The id of the channel that had the name when Slack listed it, some minutes ago at most; `undefined` when the bot sees none that is not archived. Throws `AskedToWait` while
   * Slack gives out no more pages, and a `ChannelError` when somebody has waited for the name for too long.
   */
  find(name: string): Promise<string | undefined>;
  /** The channel that had the name has it no more. */
  forget(name: string): void;
};

/** Slack's own limit for a page. */
const pageSize = 1_000;
/** What was read longer ago is read again: channels come and go. */
const passTtlMs = 10 * 60_000;
/**
 * Whoever looks for a name that is not there does so again and again: all is read again no more often than Slack gives out its
 * pages, so at each look where there is but one.
 */
const pageMs = 3_000;
/** Who asks for access hears within a minute where their request went. */
const patienceMs = 40_000;
const maxNames = 1_000;
/** More than any workspace has; a list that never ends is none. */
const maxPages = 1_000;

type Pass = {
  readonly idsByName: Map<string, string>;
  readAt: number;
  pages: number;
  cursor: string | undefined;
  isComplete: boolean;
};

/**
 * Reads the workspace's channels page by page. Slack gives out some twenty pages a minute (conversations.list is of the second
 * tier): what was read is kept while it wants a pause, so that a workspace of many is read to its end.
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
    // The same again would never end.
    pass.isComplete = next === undefined || next === cursor || pass.pages >= maxPages;
    pass.cursor = next;
  }

  /** Those who look at the same moment share a page. */
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
      // Each look reads on a little, however long it has taken by now.
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
        // Whoever waited for one channel does not wait as long for the one in its stead.
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
