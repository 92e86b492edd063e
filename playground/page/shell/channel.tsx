import type { JSX } from "preact";
import type { ChannelCard, MessageCard } from "../../protocol.ts";
import { useLooking } from "../context.ts";
import { isAppsName } from "../store/app-user.ts";
import { inChannel } from "../store/conversation.ts";
import { boxName, usePage } from "../store/page.ts";
import { homePlace } from "../store/route.ts";
import { Composer } from "./composer.tsx";
import { Icon } from "./icons.tsx";
import { MessageList } from "./message-list.tsx";
import { ChannelMark } from "./sidebar.tsx";

/** One conversation: its head, its messages, and the box to write in. */
export function ChannelPane({
  channel,
  messages,
}: {
  readonly channel: ChannelCard;
  readonly messages: readonly MessageCard[];
}): JSX.Element {
  const { screen } = useLooking();
  const { href } = usePage();
  const shown = inChannel(messages);
  const label = labelOf(channel);
  const isApp = channel.kind === "direct" && isAppsName(channel.name, screen.users);
  return (
    <main class="pane pane-main" id="main" tabIndex={-1}>
      <header class="pane-head">
        <a class="icon-button back" href={href(null)}>
          <Icon name="back" />
          <span class="unseen">Back to the channels</span>
        </a>
        <h2 data-box="pane" tabIndex={-1}>
          <ChannelMark channel={channel} />
          <span class="pane-name">{channel.name}</span>
          {isApp && <span class="app-badge">App</span>}
        </h2>
        {channel.isShared && (
          <span class="pane-note">
            <Icon name="shared" size={13} /> Shared with another organization
          </span>
        )}
        {isApp && (
          <a class="pane-link" href={href(homePlace)}>
            Home
          </a>
        )}
      </header>
      <MessageList
        label={`Messages in ${label}`}
        messages={shown}
        all={messages}
        beginning={<Beginning channel={channel} isApp={isApp} />}
      />
      {channel.isArchived ? (
        <p class="composer-notice">
          <b>{label}</b> is archived: it can be read, and nothing can be said in it.
        </p>
      ) : (
        <Composer
          box={boxName(screen.as, channel.id)}
          boxKind="message"
          channelId={channel.id}
          placeholder={`Message ${label}`}
        />
      )}
    </main>
  );
}

/** What a conversation shows before its first message. */
function Beginning({
  channel,
  isApp,
}: {
  readonly channel: ChannelCard;
  readonly isApp: boolean;
}): JSX.Element {
  return (
    <div class="beginning">
      <p class="beginning-title">
        <ChannelMark channel={channel} /> {channel.name}
      </p>
      <p>
        {isApp
          ? "Hallpass writes here what happens to your requests. Type /request-access to make one."
          : channel.kind === "direct"
            ? `This is the beginning of your conversation with ${channel.name}.`
            : `This is the very beginning of ${labelOf(channel)}.`}
      </p>
    </div>
  );
}

/** `#access-requests`; of a direct message, the name. */
export function labelOf(channel: ChannelCard): string {
  return channel.kind === "channel" ? `#${channel.name}` : channel.name;
}
