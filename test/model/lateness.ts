import { z } from "zod";
import type { Line } from "./record.ts";

/** How long access lasted beyond its end, in milliseconds. */
export type Lateness = {
  readonly milliseconds: readonly number[];
  /** What took longer than a step: the provider or Hallpass itself was away meanwhile. */
  readonly heldUp: number;
};

const End = z.object({ expiresAt: z.coerce.date() });

/**
 * How late what ended by time was proven gone, by the audit. The world's time jumps: what a jump went beyond an end is nobody's
 * lateness. `jumps`: the times just after each, in order.
 */
export function latenessOf(lines: readonly Line[], jumps: readonly number[]): Lateness {
  const ends = new Map<string, number>();
  const milliseconds: number[] = [];
  let heldUp = 0;
  for (const { type, grantId, data, at } of lines) {
    const end = End.safeParse(data);
    if (grantId === null) continue;
    if (end.success) ends.set(grantId, end.data.expiresAt.getTime());
    const endsAt = ends.get(grantId);
    if (type !== "grant.revoked" || endsAt === undefined || at.getTime() < endsAt) continue;
    const after = jumps.filter((jump) => jump >= endsAt && jump <= at.getTime());
    if (after.length > 1) heldUp += 1;
    else milliseconds.push(at.getTime() - (after[0] ?? endsAt));
  }
  return { milliseconds, heldUp };
}

/** In one line, for whoever reads the run. */
export function wordLateness({ milliseconds, heldUp }: Lateness): string {
  const sorted = milliseconds.toSorted((one, other) => one - other);
  const at = (share: number): number =>
    Math.max(0, Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0));
  return (
    `Revocations: ${sorted.length} by time, gone ${at(0.5)} ms after their end at the median, ${at(0.99)} ms at p99, ` +
    `${at(1)} ms at most; ${heldUp} more waited for the provider or for Hallpass to be there again.`
  );
}
