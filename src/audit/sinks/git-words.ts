import { onOneLine, storable } from "../../domain/text.ts";
import type { EventRecord, SinkRecord } from "./sink.ts";

const longestSubject = 200;

/** `AR-1042 approved by bob@example.com under "leads approve writing"`: one line, whatever is in the record. */
function wordEvent({ request, type, actor, rule }: EventRecord): string {
  const [topic = "", what = ""] = type.split(".");
  const words = (topic === "request" && request !== null ? what : `${topic} ${what}`).replaceAll("_", " ");
  const subject = `${request === null ? words : `${request} ${words}`} by ${actor}`;
  return inert(rule === null ? subject : `${subject} under "${rule}"`);
}

function inert(text: string): string {
  const line = onOneLine(storable(text));
  return line.length > longestSubject ? `${storable(line.slice(0, longestSubject))}…` : line;
}

/** The subject of a commit that holds these records. */
export function wordCommit(records: readonly SinkRecord[]): string {
  const [first] = records;
  if (!first) return "Nothing";
  if (records.length > 1) return `${records.length} records up to place ${records.at(-1)?.sequence}`;
  switch (first.kind) {
    case "event":
      return wordEvent(first);
    case "checkpoint":
      return `Checkpoint at place ${first.sequence}`;
    case "missing":
      return `What stood at place ${first.sequence} was deleted`;
  }
}

/**
 * Groups records by commit: each decision by a person or the policy gets its own; what Hallpass did about it in between (outcomes,
 * deadlines) is gathered.
 */
export function commitGroups<Item>(
  items: readonly Item[],
  recordOf: (item: Item) => SinkRecord,
): readonly (readonly Item[])[] {
  const groups: Item[][] = [];
  let open: Item[] | undefined;
  for (const item of items) {
    const record = recordOf(item);
    const isDecision = record.kind === "event" && record.actor !== "hallpass";
    if (isDecision) {
      groups.push([item]);
      open = undefined;
    } else if (open) open.push(item);
    else groups.push((open = [item]));
  }
  return groups;
}
