import type { JSX } from "preact";
import type { MessageCard, UserCard } from "../../protocol.ts";
import { type JsonObject, objectsOf, textOf } from "../../../slack-simulator/json.ts";
import { Blocks } from "../blocks/blocks.tsx";
import { useLooking } from "../context.ts";
import { isApp } from "../store/app-user.ts";
import { msOf } from "../store/conversation.ts";
import { usePage } from "../store/page.ts";
import { dateOf, dayAndTime, timeOf } from "../store/when.ts";
import { emoji } from "../text/emoji.ts";
import { Mrkdwn } from "../text/mrkdwn.tsx";
import { Avatar } from "./avatar.tsx";
import { FileView } from "./file.tsx";
import { Icon } from "./icons.tsx";

/** One message, with all that hangs on it. `replies` is undefined where threads are not opened from here. */
export function Message({
  message,
  isFollowing,
  replies,
}: {
  readonly message: MessageCard;
  readonly isFollowing: boolean;
  readonly replies: readonly MessageCard[] | undefined;
}): JSX.Element {
  const { screen, zone } = useLooking();
  const author = screen.users.find(({ id }) => id === message.userId);
  const name = author?.realName ?? "Somebody";
  const at = msOf(message.ts);
  const time = timeOf(at, zone);
  const canReply = replies !== undefined && !message.isEphemeral;
  const classes = ["message", isFollowing && "is-following", message.isEphemeral && "is-ephemeral"];
  return (
    <article class={classes.filter(Boolean).join(" ")} aria-label={`${name}, ${time}`}>
      {message.isEphemeral && (
        <p class="only-you">
          <Icon name="eye" size={14} /> Only visible to you
        </p>
      )}
      <div class="message-side">
        {isFollowing ? (
          <time class="side-time" dateTime={new Date(at).toISOString()}>
            {time.replace(/ [AP]M$/, "")}
          </time>
        ) : (
          <Avatar name={author?.name ?? "?"} realName={name} isBot={isApp(author)} />
        )}
      </div>
      <div class="message-body">
        {!isFollowing && (
          <p class="message-head">
            <b>{name}</b>
            {isApp(author) && <span class="app-badge">App</span>}
            <time dateTime={new Date(at).toISOString()} title={`${dateOf(at, zone)} at ${time}`}>
              {time}
            </time>
          </p>
        )}
        <Content message={message} />
        {canReply && <ThreadSummary message={message} replies={replies} users={screen.users} />}
      </div>
      {canReply && <ReplyButton message={message} name={name} />}
    </article>
  );
}

function Content({ message }: { readonly message: MessageCard }): JSX.Element {
  const place = { kind: "message", channelId: message.channelId, ts: message.ts } as const;
  const edited = message.isEdited && <span class="edited"> (edited)</span>;
  return (
    <div class="message-content">
      {message.blocks.length > 0 ? (
        <Blocks blocks={message.blocks} place={place} values={message.values} />
      ) : (
        message.text !== "" && (
          <div class="message-text">
            <Mrkdwn text={message.text} />
            {edited}
          </div>
        )
      )}
      {message.blocks.length > 0 && edited}
      {message.attachments.map((attachment, index) => (
        <Attachment key={index} attachment={attachment} message={message} />
      ))}
      {message.files.map((file) => (
        <FileView key={file.id} file={file} />
      ))}
      {message.reactions.length > 0 && (
        <ul class="reactions" role="list" aria-label="Reactions">
          {message.reactions.map(({ name, count }) => (
            <li key={name} title={`:${name}:`}>
              <span aria-hidden="true">{emoji(name) ?? `:${name}:`}</span>
              <span class="unseen">{name} </span>
              <span>{count}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

const colours: Readonly<Record<string, string>> = { good: "#2eb67d", warning: "#ecb22e", danger: "#e01e5a" };

/** A legacy attachment: what it holds, beside a bar of its colour. */
function Attachment({
  attachment,
  message,
}: {
  readonly attachment: JsonObject;
  readonly message: MessageCard;
}): JSX.Element {
  const named = textOf(attachment["color"]);
  const colour = colours[named] ?? (/^#?[\da-f]{6}$/i.test(named) ? `#${named.replace("#", "")}` : undefined);
  const blocks = objectsOf(attachment["blocks"]);
  const title = textOf(attachment["title"]);
  const text = textOf(attachment["text"]);
  return (
    <div class="attachment">
      <span class="attachment-bar" style={colour && { background: colour }} />
      <div>
        {title !== "" && <b>{title}</b>}
        {text !== "" && <Mrkdwn text={text} />}
        {blocks.length > 0 && (
          <Blocks
            blocks={blocks}
            place={{ kind: "message", channelId: message.channelId, ts: message.ts }}
            values={message.values}
          />
        )}
      </div>
    </div>
  );
}

function ThreadSummary({
  message,
  replies,
  users,
}: {
  readonly message: MessageCard;
  readonly replies: readonly MessageCard[];
  readonly users: readonly UserCard[];
}): JSX.Element | null {
  const { zone, now } = useLooking();
  const { href } = usePage();
  const last = replies.at(-1);
  if (last === undefined) return null;
  const authors = [...new Set(replies.map(({ userId }) => userId))]
    .slice(-4)
    .flatMap((id) => users.find((user) => user.id === id) ?? []);
  return (
    <a class="thread-summary" href={href(message.channelId, message.ts)}>
      {authors.map((user) => (
        <Avatar key={user.id} name={user.name} realName={user.realName} isBot={isApp(user)} />
      ))}
      <b>{replies.length === 1 ? "1 reply" : `${replies.length} replies`}</b>
      <span class="quiet">Last reply {dayAndTime(msOf(last.ts), zone, now())}</span>
    </a>
  );
}

function ReplyButton({
  message,
  name,
}: {
  readonly message: MessageCard;
  readonly name: string;
}): JSX.Element {
  const { href } = usePage();
  return (
    <a class="icon-button reply-button" href={href(message.channelId, message.ts)} title="Reply in thread">
      <Icon name="reply" />
      <span class="unseen">Reply in thread to {name}</span>
    </a>
  );
}
