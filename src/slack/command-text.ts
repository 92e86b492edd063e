import { shorten } from "./views/rich-text.ts";
import { parseDuration } from "../domain/duration.ts";

export type ParsedCommand =
  | {
      readonly ok: true;
      readonly resource: string;
      readonly role: string;
      readonly durationSeconds: number;
      readonly reason: string;
      readonly ticket?: string;
      /** Taken now, reviewed afterwards. */
      readonly isBreakGlass: boolean;
    }
  | { readonly ok: false; readonly why: string };

const example = "For example: /request-access orders-db write 2h fixing INC-42";

/**
 * Reads `RESOURCE ROLE DURATION REASON…` (or `RESOURCE:ROLE DURATION REASON…`) as typed after the command. The word
 * `break-glass` before the reason takes the access at once.
 */
export function parseCommandText(text: string): ParsedCommand {
  const [first, afterFirst] = nextWord(unescapeSlack(text));
  const [resource = "", inlineRole] = first.split(":", 2);
  const [role, afterRole] = inlineRole === undefined ? nextWord(afterFirst) : [inlineRole, afterFirst];
  const [duration, rest] = nextWord(afterRole);
  if (role === "" || duration === "") {
    return { ok: false, why: `Expected RESOURCE ROLE DURATION REASON. ${example}` };
  }
  const durationSeconds = parseDuration(duration);
  if (durationSeconds === undefined) return { ok: false, why: durationFault(duration) };
  const [word, afterWord] = nextWord(rest);
  const isBreakGlass = word === "break-glass";
  // As it was typed, line breaks and all.
  const reason = (isBreakGlass ? afterWord : rest).trimEnd();
  const ticket = ticketIn(reason);
  const asked = { resource, role, durationSeconds, reason, isBreakGlass };
  return { ok: true, ...asked, ...(ticket === undefined ? {} : { ticket }) };
}

/** The first word, and all that follows it. */
function nextWord(text: string): readonly [string, string] {
  const [, word = "", rest = ""] = /^\s*(\S*)\s*([\s\S]*)$/u.exec(text) ?? [];
  return [word, rest];
}

/** What is wrong with a duration that does not parse. */
export function durationFault(text: string): string {
  return `“${shorten(text, 40)}” is not a duration. Write it like 45m, 2h or 1h30m.`;
}

/** The first word that looks like a ticket (`INC-42`), without punctuation around it. */
export function ticketIn(reason: string): string | undefined {
  return /(?:^|[\s([#"'])([A-Z][A-Z0-9]+-\d+)(?=$|[\s)\].,;:!?"'])/u.exec(reason)?.[1];
}

/** Slack delivers `&`, `<` and `>` in a command's text as entities. */
export function unescapeSlack(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
