// What mrkdwn and rich text have in common: people, channels, groups, links and times, as this viewer sees them.
import type { ComponentChildren, JSX } from "preact";
import { useLooking } from "../context.ts";
import { formatDate } from "./dates.ts";
import { emoji } from "./emoji.ts";
import { isSafe } from "./safe-url.ts";

export function UserMention({
  id,
  label = "",
}: {
  readonly id: string;
  readonly label?: string;
}): JSX.Element {
  const { screen, me } = useLooking();
  const user = screen.users.find((one) => one.id === id);
  const isMe = user?.name === me;
  return <Mention isMe={isMe}>@{user?.realName ?? (label || id)}</Mention>;
}

export function ChannelMention({
  id,
  label = "",
}: {
  readonly id: string;
  readonly label?: string;
}): JSX.Element {
  const { screen } = useLooking();
  const channel = screen.channels.find((one) => one.id === id);
  // A channel this person cannot see keeps its name from them.
  return <Mention>#{channel?.name ?? (label || "private-channel")}</Mention>;
}

export function UsergroupMention({
  id,
  label = "",
}: {
  readonly id: string;
  readonly label?: string;
}): JSX.Element {
  const { screen } = useLooking();
  const group = screen.usergroups.find((one) => one.id === id);
  return <Mention>@{group?.handle ?? (label.replace(/^@/, "") || id)}</Mention>;
}

export function BroadcastMention({ range }: { readonly range: string }): JSX.Element {
  return <Mention isMe>@{range}</Mention>;
}

function Mention({
  isMe = false,
  children,
}: {
  readonly isMe?: boolean;
  readonly children: ComponentChildren;
}): JSX.Element {
  return <bdi class={isMe ? "mk-mention mk-mention-me" : "mk-mention"}>{children}</bdi>;
}

/** A link that leaves the page, or plain text where its address is not one a message may open. */
export function Link({
  url,
  children,
}: {
  readonly url: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  if (!isSafe(url)) return <>{children}</>;
  return (
    <a class="mk-link" href={url} target="_blank" rel="noreferrer">
      {children}
    </a>
  );
}

export interface DateTextProps {
  /** Seconds since 1970. */
  readonly unix: number;
  readonly format: string;
  readonly fallback: string;
  readonly url?: string | undefined;
}

/** A time in the viewer's own zone. */
export function DateText({ unix, format, fallback, url }: DateTextProps): JSX.Element {
  const { zone, now } = useLooking();
  const text = formatDate(format, unix, zone, now());
  if (text === undefined) return <>{fallback}</>;
  const exactly = formatDate("{date_long} at {time_secs}", unix, zone, now());
  const time = (
    <time dateTime={new Date(unix * 1000).toISOString()} title={`${exactly} (${zone})`}>
      {text}
    </time>
  );
  return url === undefined ? time : <Link url={url}>{time}</Link>;
}

export function Emoji({ name, shown }: { readonly name: string; readonly shown?: string }): JSX.Element {
  const found = shown ?? emoji(name);
  if (found === undefined) return <>:{name}:</>;
  return (
    <span class="mk-emoji" role="img" aria-label={name.replaceAll("_", " ")} title={`:${name}:`}>
      {found}
    </span>
  );
}
