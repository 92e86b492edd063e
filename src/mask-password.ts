// A password shorter than this is in half of all texts by chance.
const shortestToken = 4;
const shortestAnywhere = 8;

/**
 * Removes a URL's password from a text: in any URL, as a word of its own, and inside other text unless it may be there
 * by chance. If it is only letters, it may be a part of an unrelated word.
 */
export function maskPassword(text: string, url: string): string {
  if (!URL.canParse(url)) return text;
  const { password, searchParams } = new URL(url);
  return maskSecrets(text, [password, searchParams.get("password") ?? ""]);
}

/** Removes secrets from a text by the same rules, plain and percent-encoded. */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  return spellingsOf(secrets).reduce(mask, text);
}

/** Removes secrets from a text that may repeat them, plain and percent-encoded, whatever they are a part of there. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  return spellingsOf(secrets).reduce((rest, secret) => rest.replaceAll(secret, "***"), text);
}

/** All spellings, the longest first, because one may be the beginning of another. */
function spellingsOf(secrets: readonly string[]): readonly string[] {
  const spellings = new Set(
    secrets.flatMap((secret) => [
      secret,
      recoded(decodeURIComponent, secret),
      recoded(encodeURIComponent, secret),
    ]),
  );
  spellings.delete("");
  return [...spellings].toSorted((a, b) => b.length - a.length);
}

function mask(text: string, secret: string): string {
  const literal = secret.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
  const inUrl = text
    .replaceAll(new RegExp(`(:)${literal}(?=@)`, "gu"), "$1***")
    .replaceAll(new RegExp(String.raw`(\bpassword=)${literal}(?![^\s&;"'\\])`, "gu"), "$1***");
  if (secret.length < shortestToken) return inUrl;
  if (secret.length >= shortestAnywhere && !/^\p{L}+$/u.test(secret)) return inUrl.replaceAll(secret, "***");
  return inUrl.replaceAll(new RegExp(String.raw`(?<![\p{L}\p{N}_])${literal}(?![\p{L}\p{N}_])`, "gu"), "***");
}

/** Recodes a text, or leaves it as it is where it cannot be: a lone `%`, half a character. */
function recoded(recode: (text: string) => string, text: string): string {
  try {
    return recode(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}
