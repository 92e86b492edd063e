import type { JSX } from "preact";
import { objectOf, objectsOf, textOf, type JsonObject } from "../../../slack-simulator/json.ts";
import {
  BroadcastMention,
  ChannelMention,
  DateText,
  Emoji,
  Link,
  UsergroupMention,
  UserMention,
} from "./tokens.tsx";

/** A `rich_text` block: nothing in its texts is parsed. */
export function RichText({ block }: { readonly block: JsonObject }): JSX.Element {
  return (
    <div class="mk">
      {objectsOf(block.elements).map((part, index) => (
        <Part key={index} part={part} />
      ))}
    </div>
  );
}

function Part({ part }: { readonly part: JsonObject }): JSX.Element {
  const pieces = <Pieces of={part} />;
  switch (textOf(part.type)) {
    case "rich_text_section":
      return (
        <div class="mk-text" dir="auto">
          {pieces}
        </div>
      );
    case "rich_text_quote":
      return (
        <blockquote class="mk-quote" dir="auto">
          {pieces}
        </blockquote>
      );
    case "rich_text_preformatted":
      return <pre class="mk-pre">{pieces}</pre>;
    case "rich_text_list":
      return <List part={part} />;
    default:
      return <div class="bk-unknown">This playground cannot show a {textOf(part.type)} element.</div>;
  }
}

function List({ part }: { readonly part: JsonObject }): JSX.Element {
  const items = objectsOf(part.elements).map((item, index) => (
    <li key={index} dir="auto">
      <Pieces of={item} />
    </li>
  ));
  const indent = typeof part.indent === "number" ? Math.min(part.indent, 8) : 0;
  const look = `mk-list mk-indent-${indent} mk-level-${indent % 3}`;
  if (part.style !== "ordered") return <ul class={look}>{items}</ul>;
  const offset = typeof part.offset === "number" ? part.offset : 0;
  return (
    <ol class={look} start={offset + 1}>
      {items}
    </ol>
  );
}

function Pieces({ of }: { readonly of: JsonObject }): JSX.Element {
  return (
    <>
      {objectsOf(of.elements).map((piece, index) => (
        <Styled key={index} piece={piece} />
      ))}
    </>
  );
}

function Styled({ piece }: { readonly piece: JsonObject }): JSX.Element {
  const style = objectOf(piece.style);
  let shown = <Piece piece={piece} />;
  if (style.code === true) shown = <code class="mk-code">{shown}</code>;
  if (style.strike === true) shown = <s>{shown}</s>;
  if (style.underline === true) shown = <u>{shown}</u>;
  if (style.italic === true) shown = <i>{shown}</i>;
  if (style.bold === true) shown = <b>{shown}</b>;
  return shown;
}

function Piece({ piece }: { readonly piece: JsonObject }): JSX.Element {
  switch (textOf(piece.type)) {
    case "text":
      return <>{textOf(piece.text)}</>;
    case "link":
      return <Link url={textOf(piece.url)}>{textOf(piece.text) || textOf(piece.url)}</Link>;
    case "user":
      return <UserMention id={textOf(piece.user_id)} />;
    case "channel":
      return <ChannelMention id={textOf(piece.channel_id)} />;
    case "usergroup":
      return <UsergroupMention id={textOf(piece.usergroup_id)} />;
    case "broadcast":
      return <BroadcastMention range={textOf(piece.range)} />;
    case "emoji":
      return <Emoji name={textOf(piece.name)} />;
    case "color":
      return <code class="mk-code">{textOf(piece.value)}</code>;
    case "date":
      return (
        <DateText
          unix={Number(piece.timestamp)}
          format={textOf(piece.format)}
          fallback={textOf(piece.fallback)}
          url={textOf(piece.url) || undefined}
        />
      );
    default:
      return <span class="bk-unknown">[{textOf(piece.type)}]</span>;
  }
}
