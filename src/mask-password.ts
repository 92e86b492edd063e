// Shorter than this, a password says nothing that is not in half of all texts.
const shortestToken = 4;
const shortestAnywhere = 8;

/**
 * Takes a URL's password out of a text: out of any URL, where it stands by itself, and within other text where chance can't
 * have put it there. What is only letters may be a part of a word that has nothing to do with it.
 */
export function maskPassword(text: string, url: string): string {
  if (!URL.canParse(url)) return text;
  const { password, searchParams } = new URL(url);
  return maskSecrets(text, [password, searchParams.get("password") ?? ""]);
}

/** Takes secrets out of a text, as they are and percent-encoded, by the same rules. */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  return spellingsOf(secrets).reduce(mask, text);
}

/** Takes secrets out of a text that may repeat them, as they are and percent-encoded, whatever they are a part of there. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  return spellingsOf(secrets).reduce((rest, secret) => rest.replaceAll(secret, "***"), text);
}

/** The longest first: one may be the beginning of another. */
function spellingsOf(secrets: readonly string[]): readonly string[] {
  const spellings = new Set(
    secrets.flatMap((secret) => [secret, safelyDecoded(secret), safelyEncoded(secret)]),
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

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

/** Half a character has no percent-encoding. */
function safelyEncoded(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}
