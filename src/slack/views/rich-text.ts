import type { RichTextBlock, RichTextElement } from "@slack/types";
import dayjs from "dayjs";
import utc from "dayjs/plugin/utc.js";

dayjs.extend(utc);

/**
 * Text as Slack's rich text elements. Nothing in a text element is parsed: no mention, link, emphasis, emoji or entity,
 * so text appears exactly as people typed it. All untrusted text goes through here.
 */
export type Piece = string | Date | Named | RichTextElement | undefined;

/** A person: mentioned when we know them in Slack, else by their e-mail address. */
export type Named = { readonly email: string; readonly slackId?: string | undefined };

/** A paragraph of pieces; dates are shown in the reader's own time zone. */
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

export function bold(text: string): RichTextElement {
  return { type: "text", text, style: { bold: true } };
}

export function code(text: string): RichTextElement {
  return { type: "text", text, style: { code: true } };
}

/** A person as an element of rich text. */
export function mention(person: Named): RichTextElement {
  return person.slackId === undefined
    ? { type: "text", text: person.email }
    : { type: "user", user_id: person.slackId };
}

/** `a, b and c` */
export function listed<P extends Piece>(
  pieces: readonly P[],
  word: "and" | "or",
): readonly (P | RichTextElement)[] {
  return pieces.flatMap((piece, index): (P | RichTextElement)[] => {
    if (index === 0) return [piece];
    const separator = index === pieces.length - 1 ? ` ${word} ` : ", ";
    return [{ type: "text", text: separator }, piece];
  });
}

/** Escapes what `text` fields (notifications, ephemeral answers) would otherwise parse. */
export function escapeMrkdwn(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Formats a time in UTC, for when the reader's time zone is not known. */
export function formatTime(at: Date): string {
  return dayjs.utc(at).format("D MMM YYYY, HH:mm [UTC]");
}

function elementsOf(pieces: readonly Piece[]): RichTextElement[] {
  return pieces.flatMap((piece): RichTextElement[] => {
    if (piece === undefined || piece === "") return [];
    if (typeof piece === "string") return [{ type: "text", text: piece }];
    if (piece instanceof Date) return [dateElement(piece)];
    if ("email" in piece) return [mention(piece)];
    return [piece];
  });
}

function dateElement(at: Date): RichTextElement {
  return {
    type: "date",
    timestamp: Math.floor(at.getTime() / 1000),
    format: "{date_short_pretty} at {time}",
    fallback: formatTime(at),
  };
}
