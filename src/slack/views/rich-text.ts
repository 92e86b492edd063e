import type { RichTextBlock, RichTextElement } from "@slack/types";
import { formatTime, type Named, type Piece, type Styled } from "../../words/piece.ts";

/**
 * A paragraph of pieces. Nothing in a text element is parsed: no mention, link, emphasis, emoji or entity, so text appears exactly as
 * people typed it. All untrusted text goes through here.
 */
export function paragraph(...pieces: readonly Piece[]): RichTextBlock["elements"][number] {
  return { type: "rich_text_section", elements: elementsOf(pieces) };
}

/** Lines under one another, as one paragraph. */
export function lines(rows: readonly (readonly Piece[])[]): RichTextBlock["elements"][number] {
  return paragraph(...rows.flatMap((row, index): readonly Piece[] => (index === 0 ? row : ["\n", ...row])));
}

/** A quote, set apart from what Hallpass says. */
export function quote(text: string): RichTextBlock["elements"][number] {
  return { type: "rich_text_quote", elements: elementsOf([text]) };
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

function elementsOf(pieces: readonly Piece[]): RichTextElement[] {
  return pieces.flatMap((piece): RichTextElement[] => {
    if (piece === undefined || piece === "") return [];
    if (typeof piece === "string") return [{ type: "text", text: piece }];
    if (piece instanceof Date) return [dateElement(piece)];
    return ["email" in piece ? mention(piece) : styled(piece)];
  });
}

function mention({ email, slackId }: Named): RichTextElement {
  return slackId === undefined ? { type: "text", text: email } : { type: "user", user_id: slackId };
}

function styled({ text, style }: Styled): RichTextElement {
  return { type: "text", text, style: { [style]: true } };
}

function dateElement(at: Date): RichTextElement {
  return {
    type: "date",
    timestamp: Math.floor(at.getTime() / 1000),
    format: "{date_short_pretty} at {time}",
    fallback: formatTime(at),
  };
}
