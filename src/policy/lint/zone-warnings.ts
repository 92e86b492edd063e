import { quoted } from "../../domain/text.ts";
import type { Compiled } from "../conditions/compile.ts";
import { rulesWithConditions } from "../conditions/comparison-check.ts";
import { child, placeWithin, textOf, type SourceNode } from "../language/source.ts";
import { type PolicyWarning, warningAt } from "./warning.ts";

/**
 * Finds time zones that are probably not meant: hours in them are off by an hour for half a year, or on the other side of the
 * world.
 */
export function zoneWarnings(root: SourceNode, compiled: Compiled): readonly PolicyWarning[] {
  const setting = child(child(root, "settings"), "timezone");
  const named = rulesWithConditions(root).flatMap(({ when, text }) =>
    (compiled.find(text)?.comparisons.zones ?? []).map(({ zone, offset }) => ({
      zone,
      at: placeWithin(when, offset),
    })),
  );
  const settings = setting ? [{ zone: textOf(setting) ?? "", at: setting.at }] : [];
  return [...settings, ...named].flatMap(({ zone, at }) => {
    const why = whyHardlyMeant(zone);
    return why === undefined ? [] : [warningAt("doubtful-zone", at, why)];
  });
}

/** Names of three or four letters that mean one thing all year: UTC, a country, or a zone with the summer time of its countries. */
const unmistakable: ReadonlySet<string> = new Set(
  "UTC UCT CET EET MET WET CUBA EIRE IRAN PRC ROC ROK ZULU".split(" "),
);

function whyHardlyMeant(zone: string): string | undefined {
  const upper = zone.toUpperCase();
  const expected = `expected a place such as Europe/London`;
  if (/^ETC\/GMT[+-](?!0$)/u.test(upper))
    return `${expected}, got ${quoted(zone)}: its sign is turned round, so it is ${offsetIn(zone, winter)}, also in summer`;
  if (upper.startsWith("SYSTEMV/"))
    return `${expected}, got ${quoted(zone)}, which newer systems do not know`;
  if (upper === "GMT")
    return `${expected}, or UTC, got "GMT": it has no summer time, which clocks in London have`;
  if (!/^[A-Z]{3,4}$/u.test(upper) || unmistakable.has(upper)) return undefined;
  const offset = offsetIn(zone, winter);
  const meaning =
    offset === offsetIn(zone, summer)
      ? `is taken for ${offset}, also in summer`
      : `is taken for the time of ${placeOf(zone)}`;
  return `${expected}, got ${quoted(zone)}: an abbreviation may mean several zones, and this one ${meaning}`;
}

// Which half of the year is summer does not matter here.
const winter = new Date("2026-01-15T00:00:00Z");
const summer = new Date("2026-07-15T00:00:00Z");

/** Formats an offset: `UTC-05:00`. */
function offsetIn(timeZone: string, at: Date): string {
  const parts = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" }).formatToParts(at);
  return (parts.find(({ type }) => type === "timeZoneName")?.value ?? timeZone).replace("GMT", "UTC");
}

function placeOf(timeZone: string): string {
  return new Intl.DateTimeFormat("en", { timeZone }).resolvedOptions().timeZone;
}
