import type { JSX } from "preact";
import { useCallback } from "preact/hooks";
import type { ChannelCard, MessageCard } from "../../protocol.ts";
import { useLooking } from "../context.ts";
import { repliesTo } from "../store/conversation.ts";
import { boxName } from "../store/page.ts";
import { useEscape } from "../store/escape.ts";
import { labelOf } from "./channel.tsx";
import { Composer } from "./composer.tsx";
import { Icon } from "./icons.tsx";
import { MessageList } from "./message-list.tsx";

/** A message with what was answered to it. */
export function ThreadPane({
  channel,
  root,
  messages,
  onClose,
}: {
  readonly channel: ChannelCard;
  readonly root: MessageCard;
  readonly messages: readonly MessageCard[];
  readonly onClose: () => void;
}): JSX.Element {
  const { screen } = useLooking();
  const replies = repliesTo(messages, root.ts);
  useEscape(useCallback(() => (onClose(), true), [onClose]));
  return (
    <aside class="pane pane-thread" aria-label="Thread">
      <header class="pane-head">
        <button type="button" class="icon-button back" onClick={onClose}>
          <Icon name="back" />
          <span class="unseen">Back to {labelOf(channel)}</span>
        </button>
        <h2 data-box="thread-pane" tabIndex={-1}>
          Thread <span class="pane-where">{labelOf(channel)}</span>
        </h2>
        <button type="button" class="icon-button close" onClick={onClose}>
          <Icon name="close" />
          <span class="unseen">Close the thread</span>
        </button>
      </header>
      <MessageList label="Messages in this thread" messages={[root, ...replies]} isThread />
      {channel.isArchived ? (
        <p class="composer-notice">This channel is archived.</p>
      ) : (
        <Composer
          box={boxName(screen.as, channel.id, root.ts)}
          boxKind="reply"
          channelId={channel.id}
          threadTs={root.ts}
          placeholder="Reply …"
        />
      )}
    </aside>
  );
}
