import type { InspectorEntry } from "../../protocol.ts";

const kept = 200;

/** Puts an entry in, in the place of an older one of the same id; newest first, the last 200 kept. */
export function withEntry(
  entries: readonly InspectorEntry[],
  entry: InspectorEntry,
): readonly InspectorEntry[] {
  const at = entries.findIndex(({ id }) => id === entry.id);
  if (at >= 0) return entries.with(at, entry);
  // Newest first already, unless the stream was cut and begins again.
  const before = entries.findIndex(({ id }) => id < entry.id);
  const where = before < 0 ? entries.length : before;
  return entries.toSpliced(where, 0, entry).slice(0, kept);
}

/** Those that hold the text, in their name, status, problem or what was said. */
export function filtered(
  entries: readonly InspectorEntry[],
  text: string,
  isProblemsOnly: boolean,
): readonly InspectorEntry[] {
  const wanted = text.trim().toLowerCase();
  return entries.filter(
    (entry) =>
      (!isProblemsOnly || entry.problem !== null) &&
      (wanted === "" || JSON.stringify(entry).toLowerCase().includes(wanted)),
  );
}
