import type { JSX } from "preact";
import type { ChannelCard } from "../../protocol.ts";
import { useLooking } from "../context.ts";
import { findApp, isApp, isAppsName } from "../store/app-user.ts";
import { usePage } from "../store/page.ts";
import { homePlace } from "../store/route.ts";
import { unreadOf } from "../store/unread.ts";
import { Avatar } from "./avatar.tsx";
import { Icon } from "./icons.tsx";

/** Channels, direct messages and the app; bold and counted where there is something new. */
export function Sidebar({ channelId }: { readonly channelId: string | null }): JSX.Element {
  const { screen } = useLooking();
  const { route, href } = usePage();
  const channels = screen.channels.filter(({ kind }) => kind !== "direct");
  const directs = screen.channels.filter(({ kind }) => kind === "direct");
  const bot = findApp(screen.users);
  return (
    <nav class="sidebar" aria-label="Channels and direct messages">
      <h2 class="workspace-name" data-box="sidebar" tabIndex={-1}>
        Example
      </h2>
      <div class="sidebar-scroll">
        <h3>Channels</h3>
        <ul role="list">
          {channels.map((channel) => (
            <Entry key={channel.id} channel={channel} isHere={channel.id === channelId} />
          ))}
        </ul>
        {directs.length > 0 && (
          <>
            <h3>Direct messages</h3>
            <ul role="list">
              {directs.map((channel) => (
                <Entry key={channel.id} channel={channel} isHere={channel.id === channelId} />
              ))}
            </ul>
          </>
        )}
        {bot !== undefined && (
          <>
            <h3>Apps</h3>
            <ul role="list">
              <li>
                <a
                  class="entry"
                  href={href(homePlace)}
                  aria-current={route.place === homePlace ? "page" : undefined}
                >
                  <Avatar name={bot.name} realName={bot.realName} isBot />
                  <span class="entry-name">{bot.realName}</span>
                </a>
              </li>
            </ul>
          </>
        )}
      </div>
    </nav>
  );
}

function Entry({
  channel,
  isHere,
}: {
  readonly channel: ChannelCard;
  readonly isHere: boolean;
}): JSX.Element {
  const { screen } = useLooking();
  const { href, lastRead } = usePage();
  const meId = screen.people.find(({ name }) => name === screen.as)?.id ?? "";
  const { isUnread, count } = unreadOf(
    channel,
    screen.messages[channel.id] ?? [],
    lastRead[screen.as]?.[channel.id],
    meId,
  );
  return (
    <li>
      <a
        class={isUnread ? "entry is-unread" : "entry"}
        href={href(channel.id)}
        aria-current={isHere ? "page" : undefined}
      >
        <ChannelMark channel={channel} />
        <span class="entry-name">{channel.name}</span>
        {channel.kind === "direct" && isAppsName(channel.name, screen.users) && (
          <span class="app-badge">App</span>
        )}
        {channel.isShared && (
          <span class="entry-shared" title="Shared with another organization">
            <Icon name="shared" size={13} />
            <span class="unseen">, shared with another organization</span>
          </span>
        )}
        {channel.isArchived && <span class="entry-note">archived</span>}
        {isUnread && <span class="unseen">, unread</span>}
        {count > 0 && (
          <span class="badge">
            {count}
            <span class="unseen"> for you</span>
          </span>
        )}
      </a>
    </li>
  );
}

/** `#`, a lock, or the avatar of whom one talks to. */
export function ChannelMark({ channel }: { readonly channel: ChannelCard }): JSX.Element {
  const { screen } = useLooking();
  if (channel.kind === "direct") {
    const other = screen.users.find(({ realName }) => realName === channel.name);
    return <Avatar name={other?.name ?? channel.name} realName={channel.name} isBot={isApp(other)} />;
  }
  return (
    <span class="channel-mark">
      <Icon name={channel.kind === "private" ? "lock" : "hash"} />
      {channel.kind === "private" && <span class="unseen">private channel </span>}
    </span>
  );
}
