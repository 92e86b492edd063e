import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Inline } from "./parse-inline.ts";
import { type MrkdwnBlock, parseMrkdwn } from "./parse-mrkdwn.ts";
import {
  BroadcastMention,
  ChannelMention,
  DateText,
  Emoji,
  Link,
  UsergroupMention,
  UserMention,
} from "./tokens.tsx";

/** Slack's mrkdwn as its reader sees it. */
export function Mrkdwn({ text }: { readonly text: string }): JSX.Element {
  const blocks = useMemo(() => parseMrkdwn(text), [text]);
  return (
    <div class="mk">
      {blocks.map((block, index) => (
        <Block key={index} block={block} />
      ))}
    </div>
  );
}

function Block({ block: { kind, children } }: { readonly block: MrkdwnBlock }): JSX.Element {
  switch (kind) {
    case "paragraph":
      return (
        <div class="mk-text" dir="auto">
          <Inlines of={children} />
        </div>
      );
    case "quote":
      return (
        <blockquote class="mk-quote" dir="auto">
          <Inlines of={children} />
        </blockquote>
      );
    case "pre":
      return (
        <pre class="mk-pre">
          <Inlines of={children} />
        </pre>
      );
  }
}

function Inlines({ of }: { readonly of: readonly Inline[] }): JSX.Element {
  return (
    <>
      {of.map((token, index) => (
        <Token key={index} token={token} />
      ))}
    </>
  );
}

function Token({ token }: { readonly token: Inline }): JSX.Element {
  switch (token.kind) {
    case "text":
      return <>{token.text}</>;
    case "bold":
      return (
        <b>
          <Inlines of={token.children} />
        </b>
      );
    case "italic":
      return (
        <i>
          <Inlines of={token.children} />
        </i>
      );
    case "strike":
      return (
        <s>
          <Inlines of={token.children} />
        </s>
      );
    case "code":
      return (
        <code class="mk-code">
          <Inlines of={token.children} />
        </code>
      );
    case "emoji":
      return <Emoji name={token.name} shown={token.emoji} />;
    case "link":
      return <Link url={token.url}>{token.text}</Link>;
    case "user":
      return <UserMention id={token.id} label={token.label} />;
    case "channel":
      return <ChannelMention id={token.id} label={token.label} />;
    case "usergroup":
      return <UsergroupMention id={token.id} label={token.label} />;
    case "broadcast":
      return <BroadcastMention range={token.range} />;
    case "date":
      return <DateText {...token} />;
    case "break":
      return <br />;
  }
}
