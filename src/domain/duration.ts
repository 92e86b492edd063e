import { plainWord } from "./text.ts";

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Reads `45s`, `30m`, `2h`, `1h30m` or `7d` as whole seconds; `undefined` when the text is not a duration above zero. */
export function parseDuration(text: string): number | undefined {
  const match = /^(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/.exec(
    text.trim().toLowerCase(),
  );
  if (!match) return undefined;
  const [, days = "0", hours = "0", minutes = "0", seconds = "0"] = match;
  const total =
    Number(days) * unitSeconds.d +
    Number(hours) * unitSeconds.h +
    Number(minutes) * unitSeconds.m +
    Number(seconds);
  return total > 0 ? total : undefined;
}

/** Units as people write them; `M` means minutes, not months. */
const unitOfWord: Readonly<Record<string, keyof typeof unitSeconds>> = {
  s: "s",
  sec: "s",
  secs: "s",
  second: "s",
  seconds: "s",
  m: "m",
  min: "m",
  mins: "m",
  minute: "m",
  minutes: "m",
  h: "h",
  hr: "h",
  hrs: "h",
  hour: "h",
  hours: "h",
  d: "d",
  day: "d",
  days: "d",
};

const amount = String.raw`(\d{1,6}(?:\.\d{1,2}|,\d)?) ?([a-z]+)`;

/**
 * Reads a duration as people type it: `2 hours`, `2H`, `1.5h` and `1h 30m` in addition to the format of policies. `undefined` if
 * the text is anything else, or not whole seconds.
 */
export function readDuration(text: string): number | undefined {
  const plain = plainWord(text).trim().toLowerCase().replace(/\s+/gu, " ");
  if (!new RegExp(String.raw`^${amount}(?:(?: and|,)? ?${amount})*$`, "u").test(plain)) return undefined;
  let seconds = 0;
  let above = Infinity;
  for (const [, number = "", word = ""] of plain.matchAll(new RegExp(amount, "gu"))) {
    const unit = Object.hasOwn(unitOfWord, word) ? unitOfWord[word] : undefined;
    // Each unit once, the larger first, as in policies.
    if (unit === undefined || unitSeconds[unit] >= above) return undefined;
    above = unitSeconds[unit];
    seconds += Number(number.replace(",", ".")) * above;
  }
  // In floating point, 1.1 hours are 3960.0000000000005 seconds.
  const whole = Math.round(seconds);
  return whole > 0 && Math.abs(seconds - whole) < 0.001 ? whole : undefined;
}

/** Writes whole seconds the way people and policies do: `90` → `1m30s`, `5400` → `1h30m`. */
export function formatDuration(seconds: number): string {
  let rest = Math.max(0, Math.round(seconds));
  if (rest === 0) return "0s";
  let text = "";
  for (const [unit, size] of [
    ["d", unitSeconds.d],
    ["h", unitSeconds.h],
    ["m", unitSeconds.m],
    ["s", unitSeconds.s],
  ] as const) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}
