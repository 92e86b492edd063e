import { bareWord, plainLetters, plainWord } from "../domain/text.ts";

/** `INC-42`, with whatever dash a phone or a word processor put in place of the hyphen. */
const key = String.raw`[A-Za-z][A-Za-z0-9]+[\p{Pd}\u2212]\d+`;
/** `<https://tracker.example/browse/INC-42|INC-42>`, as Slack writes a link. */
const link = String.raw`<(https?:[^|>\s]+)(?:\|([^>]*))?>`;
const before = String.raw`(?<=^|[\s(\[{<#"'*_])`;
/** A long dash ends the word as well, where no number follows. */
const after = String.raw`(?=$|[\s)\]}>,;:!?"'*_\u2026]|\.(?![\p{L}\p{N}])|[\u2012-\u2015](?!\p{N}))`;

const wholeKey = new RegExp(`^${key}$`, "u");
const wholeLink = new RegExp(`^${link}$`, "u");
const candidates = new RegExp(String.raw`${link}|(https?:\/\/[^\s<>"']+)|${before}(${key})${after}`, "gu");

/**
 * Finds the ticket that a reason names: the first in capitals or in a link, else the first in lower case (`inc-42`)
 * that is not one of `names`.
 */
export function ticketIn(reason: string, names: readonly string[] = []): string | undefined {
  const found = [...plainLetters(reason).matchAll(candidates)].flatMap(
    ([, linked, label, url, word]) =>
      (word === undefined ? ofLink(linked ?? url ?? "", label) : plainWord(word)) ?? [],
  );
  const small = found.find((each) => !names.includes(each));
  return found.find((each) => each === each.toUpperCase()) ?? small?.toUpperCase();
}

/** Normalises a typed ticket: its key alone if it is a ticket in any spelling or the address of one, else the text as typed. */
export function readTicket(typed: string): string | undefined {
  const plain = plainWord(typed).trim();
  const bare = bareWord(plain);
  if (wholeKey.test(bare)) return bare.toUpperCase();
  const [, linked = bare, label] = wholeLink.exec(plain) ?? [];
  return ofLink(linked, label) ?? (plain === "" ? undefined : plain);
}

/**
 * Finds the ticket in its tracker's address, where it is a whole part: `/browse/INC-42`, `/issue/INC-42/its-title`,
 * `?selectedIssue=INC-42`.
 */
function ofLink(url: string, label = ""): string | undefined {
  const shown = bareWord(plainWord(label).trim());
  if (wholeKey.test(shown)) return shown.toUpperCase();
  if (!/^https?:/u.test(url) || !URL.canParse(url)) return undefined;
  const { pathname, searchParams } = new URL(url);
  const parts = [...pathname.split("/"), ...searchParams.values()].map(bareWord);
  // In lower case it may be any title: `/blog/top-10`.
  return parts.find((part) => wholeKey.test(part) && part === part.toUpperCase());
}
