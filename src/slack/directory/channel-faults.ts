import type { Policy } from "../../policy/policy.ts";
import { ChannelError, wordFault } from "../client/errors.ts";
import type { Directory } from "./directory.ts";
import { insistOnUsable } from "../delivery/posting.ts";

/** A channel as the policy names it, and why Hallpass cannot post there, in words for those who can fix it. */
export type ChannelFault = { readonly channel: string; readonly why: string };

export type ChannelsLookedAt = {
  readonly faults: readonly ChannelFault[];
  /** Why the remaining channels could not be checked; nothing is known about them. */
  readonly unseen?: string;
};

/** Every channel that a policy posts in, once each. */
export function channelsOf({ settings, rules }: Policy): readonly string[] {
  const { channel, alerts, audit } = settings;
  return [
    ...new Set([
      channel,
      alerts,
      ...(audit === undefined ? [] : [audit]),
      ...rules.map((rule) => rule.channel),
    ]),
  ];
}

/** Checks which channels of a policy could not take our messages now: not visible to the bot, archived, or shared with another company. */
export async function lookAtChannels(
  directory: Pick<Directory, "channel">,
  policy: Policy,
  signal?: AbortSignal,
): Promise<ChannelsLookedAt> {
  const faults: ChannelFault[] = [];
  for (const channel of channelsOf(policy)) {
    if (signal?.aborted === true) break;
    try {
      await insistOnUsable(directory, channel);
    } catch (error) {
      if (!(error instanceof ChannelError)) return { faults, unseen: wordFault(error) };
      faults.push({ channel, why: error.message });
    }
  }
  return { faults };
}
