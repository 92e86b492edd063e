import dayjs from "dayjs";
import utc from "dayjs/plugin/utc.js";
import { shorten } from "../domain/text.ts";

dayjs.extend(utc);

/**
 * A piece of a text that people read, in whatever chat or record: each renders it in its own way, and parses nothing in it. A date is
 * shown in the reader's own time zone, where that is known; what is undefined is left out.
 */
export type Piece = string | Date | Named | Styled | undefined;

/** A person: mentioned by the account, where the chat is the one they have it in, else by their address. */
export type Named = { readonly email: string; readonly account?: string | undefined };

/** Pieces that belong on one line. */
export type Line = readonly Piece[];

export type Styled = { readonly text: string; readonly style: "bold" | "code" };

export function bold(text: string): Styled {
  return { text, style: "bold" };
}

export function code(text: string): Styled {
  return { text, style: "code" };
}

/** `a, b and c` */
export function listed(pieces: Line, word: "and" | "or"): Line {
  return pieces.flatMap((piece, index) => {
    if (index === 0) return [piece];
    return [index === pieces.length - 1 ? ` ${word} ` : ", ", piece];
  });
}

/** Pieces as plain text, for where there is little room: what is set apart by its style is cut. */
export function plainText(pieces: Line): string {
  return pieces
    .map((piece) => {
      if (piece === undefined || typeof piece === "string") return piece;
      if (piece instanceof Date) return formatTime(piece);
      return "email" in piece ? piece.email : shorten(piece.text, 200);
    })
    .join("");
}

/** Formats a time in UTC, for when the reader's time zone is not known. */
export function formatTime(at: Date): string {
  return dayjs.utc(at).format("D MMM YYYY, HH:mm [UTC]");
}
