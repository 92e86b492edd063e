import type { Policy } from "../policy/policy.ts";
import { ChannelError, wordFault } from "./slack-errors.ts";
import type { Directory } from "./directory.ts";
import { insistOnUsable } from "./posting.ts";

/** A channel of the policy by its name there, and what keeps Hallpass from posting in it: for whoever can mend it. */
export type ChannelFault = { readonly channel: string; readonly why: string };

export type ChannelsLookedAt = {
  readonly faults: readonly ChannelFault[];
  /** Why the rest could not be looked at: that says nothing about them. */
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

/** Which channels of a policy could take no message of ours now: none of that name is seen, archived, or shared with another company. */
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
