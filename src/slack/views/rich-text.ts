import type { RichTextBlock, RichTextElement } from "@slack/types";
import { addressOn, defaultSurface, surfaceOf } from "../../domain/surface.ts";
import { unturned } from "../../domain/text.ts";
import { formatTime, type Line, type Named, type Piece, type Styled } from "../../words/piece.ts";

/**
 * Text as Slack's rich text elements. Nothing in a text element is parsed: no mention, link, emphasis, emoji or entity,
 * so text appears exactly as people typed it. All untrusted text goes through here.
 */

/** A paragraph of pieces; dates are shown in the reader's own time zone. */
export function paragraph(...pieces: Line): RichTextBlock["elements"][number] {
  return { type: "rich_text_section", elements: pieces.flatMap(elementsOf) };
}

/** Lines under one another, as one paragraph. */
export function lines(rows: readonly Line[]): RichTextBlock["elements"][number] {
  return paragraph(...rows.flatMap((row, index): Line => (index === 0 ? row : ["\n", ...row])));
}

/** A quote, set apart from what Hallpass says. */
export function quote(text: string): RichTextBlock["elements"][number] {
  return { type: "rich_text_quote", elements: elementsOf(unturned(text)) };
}

/** A rich text block of these elements. */
export function richText(
  ...elements: readonly (RichTextBlock["elements"][number] | undefined)[]
): RichTextBlock {
  return { type: "rich_text", elements: elements.filter((element) => element !== undefined) };
}

/** Escapes what `text` fields (notifications, ephemeral answers) would otherwise parse. */
export function escapeMrkdwn(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function elementsOf(piece: Piece): RichTextElement[] {
  if (piece === undefined || piece === "") return [];
  if (typeof piece === "string") return [{ type: "text", text: piece }];
  if (piece instanceof Date) return [dateElement(piece)];
  if ("text" in piece) return [styled(piece)];
  return [person(piece)];
}

/** Slack refuses a whole message that mentions an account of another surface. */
function person({ email, account }: Named): RichTextElement {
  return account !== undefined && surfaceOf(account) === defaultSurface
    ? { type: "user", user_id: addressOn(defaultSurface, account) }
    : { type: "text", text: email };
}

function styled({ text, style }: Styled): RichTextElement {
  return { type: "text", text, style: style === "bold" ? { bold: true } : { code: true } };
}

function dateElement(at: Date): RichTextElement {
  return {
    type: "date",
    timestamp: Math.floor(at.getTime() / 1000),
    format: "{date_short_pretty} at {time}",
    fallback: formatTime(at),
  };
}
