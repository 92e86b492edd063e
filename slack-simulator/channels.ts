import type { Interactions } from "./interactions.ts";
import type { Channel } from "./model.ts";
import type { Workspace } from "./workspace.ts";

/** What people with the right to do it do to channels and to what stands in them; names are written `#name`. */
export interface ChannelHands {
  readonly archive: (name: string) => void;
  readonly unarchive: (name: string) => void;
  /** Shares it with another company, and says so: `channel_shared`. */
  readonly share: (name: string) => Promise<void>;
  /** `channel_unshared` */
  readonly unshare: (name: string) => Promise<void>;
  readonly remove: (name: string) => void;
  /** Removes the app from the channel; of a private one it then knows nothing any more. */
  readonly removeApp: (name: string) => void;
  readonly deleteMessage: (message: { readonly channelId: string; readonly ts: string }) => void;
}

/** The other company. */
const PARTNER_TEAM = "T0PARTNER";

export function createChannelHands(
  workspace: Workspace,
  interactions: Pick<Interactions, "event">,
): ChannelHands {
  const named = (name: string): Channel => {
    const channel = workspace.findChannel(name);
    if (channel === undefined) throw new Error(`No channel ${name}`);
    return channel;
  };
  return {
    archive: (name) => workspace.putChannel({ ...named(name), isArchived: true }),
    unarchive: (name) => workspace.putChannel({ ...named(name), isArchived: false }),
    share: async (name) => {
      const channel = { ...named(name), isExtShared: true };
      workspace.putChannel(channel);
      await interactions.event({
        type: "channel_shared",
        connected_team_id: PARTNER_TEAM,
        channel: channel.id,
      });
    },
    unshare: async (name) => {
      const channel = { ...named(name), isExtShared: false };
      workspace.putChannel(channel);
      await interactions.event({
        type: "channel_unshared",
        previously_connected_team_id: PARTNER_TEAM,
        channel: channel.id,
        is_ext_shared: false,
      });
    },
    remove: (name) => workspace.removeChannel(named(name).id),
    removeApp: (name) => {
      const channel = named(name);
      const members = channel.members.filter((id) => id !== workspace.app.botUserId);
      workspace.putChannel({ ...channel, members });
    },
    deleteMessage: ({ channelId, ts }) => {
      const message = workspace.message(channelId, ts);
      if (message === undefined) throw new Error(`There is no message ${channelId} ${ts}`);
      workspace.putMessage({ ...message, deleted: true });
    },
  };
}
