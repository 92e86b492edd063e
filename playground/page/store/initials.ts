/** `AA` for Alice Archer; what is in brackets is no name. */
export function initialsOf(realName: string): string {
  const words = realName
    .replace(/\(.*\)/, "")
    .trim()
    .split(/\s+/);
  const first = /./u.exec(words[0] ?? "")?.[0] ?? "?";
  const last = words.length > 1 ? (/./u.exec(words.at(-1) ?? "")?.[0] ?? "") : "";
  return (first + last).toUpperCase();
}

/** A whole number below `count`, always the same for the same name. */
export function colourOf(name: string, count: number): number {
  let sum = 0;
  // A factor by which the people of the playground get eight different ones.
  for (const letter of name) sum = (sum * 5 + (letter.codePointAt(0) ?? 0)) % 1_000_003;
  return sum % count;
}
