import type { PolicyInForce } from "../access/policy-in-force.ts";
import { runInLoop } from "../loop.ts";
import type { Logger } from "../logger.ts";
import { channelsOf, lookAtChannels } from "../slack/directory/channel-faults.ts";
import type { Directory } from "../slack/directory/directory.ts";

export type ChannelWatch = {
  /** Looks now. */
  look(this: void): void;
  /** The channels of the policy that take no messages, and why. */
  troubled(this: void): readonly string[];
  stop(): Promise<void>;
};

const everyMs = 60_000;
/**
 * Slack's rate limit allows some fifty questions about channels a minute (conversations.info is of the third tier), and
 * others use it, too.
 */
const eachMs = 3_000;

/**
 * Checks each minute, and when another policy comes into force, whether every channel of the policy takes messages, so
 * that a missing one is known before it is needed. Starts once Slack is connected; earlier problems are reported elsewhere.
 */
export function watchChannels({
  directory,
  policy,
  log,
}: {
  readonly directory: Pick<Directory, "channel">;
  readonly policy: PolicyInForce;
  readonly log: Logger;
}): ChannelWatch {
  let known = new Map<string, string>();
  const loop = runInLoop(
    async (_asked, stopping) => {
      const checking = policy.current();
      const channels = channelsOf(checking);
      const { faults, unseen } = await lookAtChannels(directory, checking, stopping);
      const found = new Map(faults.map(({ channel, why }) => [channel, why]));
      // For channels Slack said nothing about, keep what was seen last.
      if (unseen !== undefined || stopping.aborted) {
        for (const [channel, why] of known)
          if (channels.includes(channel) && !found.has(channel)) found.set(channel, why);
      }
      for (const [channel, why] of found)
        if (known.get(channel) !== why)
          log.warn({ channel }, `a channel of the policy takes no messages: ${why}`);
      for (const channel of known.keys())
        if (channels.includes(channel) && !found.has(channel))
          log.info({ channel }, "a channel of the policy takes messages again");
      known = found;
      return Math.max(everyMs, channels.length * eachMs);
    },
    { log, fault: "the channels of the policy could not be looked at" },
  );
  policy.onChange(() => loop.now());
  return {
    look: () => loop.now(),
    troubled: () => [...known.values()],
    stop: () => loop.stop(),
  };
}
