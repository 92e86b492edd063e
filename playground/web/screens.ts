import type { ChannelCard, MessageCard, PersonCard, Screen } from "../protocol.ts";
import type { Channel, StoredFile, User } from "../../slack-simulator/model.ts";
import { canSee } from "../../slack-simulator/seen.ts";
import type { Workspace } from "../../slack-simulator/workspace.ts";
import type { Stage } from "../stage/stage.ts";
import { channelCard, messageCard, userCards, viewCard } from "./cards.ts";
import type { FaultSwitches } from "./faults.ts";
import { guideSteps } from "./guide.ts";
import type { Pulse } from "./pulse.ts";

export interface ScreenDeps {
  readonly stage: Stage;
  readonly pulse: Pulse;
  readonly faults: FaultSwitches;
}

/** The workspace's record of somebody one can be; undefined for anybody else. */
export function userOnStage(stage: Stage, name: string): User | undefined {
  if (!stage.people.some((person) => person.name === name)) return undefined;
  return stage.slack.workspace.users().find((user) => user.name === name);
}

/** All that this person sees right now. */
export function screenOf({ stage, pulse, faults }: ScreenDeps, me: User): Screen {
  const { slack, orders, clock } = stage;
  const { workspace } = slack;
  const { roles, next, story } = pulse.latest();
  const channels = me.deleted ? [] : visibleChannels(workspace, me);
  const home = me.deleted ? undefined : workspace.home(me.id);
  return {
    as: me.name,
    people: stage.people.flatMap(({ name, part }): readonly PersonCard[] => {
      const user = userOnStage(stage, name);
      if (user === undefined) return [];
      return [{ name, id: user.id, realName: user.realName, part, isDeactivated: user.deleted }];
    }),
    users: userCards(workspace),
    usergroups: workspace
      .usergroups()
      .filter((group) => !group.disabled)
      .map(({ id, handle, name }) => ({ id, handle, name })),
    channels: channels.map((channel): ChannelCard => channelCard(workspace, channel)),
    commands: stage.commands,
    messages: Object.fromEntries(
      channels.map((channel) => [channel.id, messagesIn(workspace, channel, me)] as const),
    ),
    modals: me.deleted ? [] : workspace.modals(me.id).map(viewCard),
    home: home === undefined ? null : viewCard(home),
    clock: { aheadMs: clock.aheadMs(), next },
    guide: stage.hasStory ? guideSteps(story, workspace.findChannel("access-requests")?.id ?? "") : [],
    orders: { login: orders.loginUrl(me.name), roles },
    faults: faults.state(),
    isConnected: slack.sockets.connected() > 0 || slack.requestUrl() !== undefined,
  };
}

/** Channels in the order they were made, archived ones after them, the direct messages with the bot last. */
function visibleChannels(workspace: Workspace, me: User): readonly Channel[] {
  const rank = (channel: Channel): number => (channel.kind === "im" ? 2 : channel.isArchived ? 1 : 0);
  return workspace
    .channels()
    .filter((channel) => canSee(me, channel))
    .toSorted((a, b) => rank(a) - rank(b));
}

/** A file as somebody may read it who sees a conversation it was shared in. */
export function fileFor(workspace: Workspace, me: User, id: string): StoredFile | undefined {
  const file = workspace.file(id);
  if (file === undefined || !file.completed || me.deleted) return undefined;
  return visibleChannels(workspace, me).some((channel) => file.channelIds.includes(channel.id))
    ? file
    : undefined;
}

function messagesIn(workspace: Workspace, channel: Channel, me: User): readonly MessageCard[] {
  const own = workspace.ephemerals(me.id).filter((message) => message.channelId === channel.id);
  return [...workspace.messages(channel.id), ...own]
    .toSorted((a, b) => (a.ts < b.ts ? -1 : 1))
    .map((message) => messageCard(workspace, message, me));
}
