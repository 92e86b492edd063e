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
