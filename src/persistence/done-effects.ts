import { v7 as uuidv7, NIL } from "uuid";
import type { PrismaClient } from "../generated/prisma/client.ts";
import type { Clock } from "./clock.ts";
import { owedLane } from "./effects.ts";
import { readNow } from "./requests.ts";

/** So many go in one statement: some milliseconds, in which it holds up nobody. */
const batchSize = 500;
/** Ids are made by the machines that record effects, whose clocks may be ahead of the database's. */
const skewMs = 86_400_000;

/** Where a walk through all that is old enough begins. */
export const beginning: string = NIL;

/** How far a walk has come; absent: at its end. */
export type Walked = { readonly deleted: number; readonly upTo?: string };

/**
 * Deletes the next effects that were done `keepSeconds` ago or longer. What is not done stays, and so does what was done before it in its
 * lane: that says what has been tried.
 *
 * They are found in the order of their ids, which is that in which they were made: an index by when they were done would be written at
 * the end of each, and this one is there. Several processes may do it at the same time; each passes over what another has in hand.
 */
export async function deleteDone(
  db: PrismaClient,
  clock: Clock,
  { after, keepSeconds }: { readonly after: string; readonly keepSeconds: number },
): Promise<Walked> {
  const before = new Date((await readNow(db, clock)).getTime() - keepSeconds * 1000);
  const lastId = uuidv7({ msecs: before.getTime() + skewMs, random: new Uint8Array(16).fill(0xff) });
  const rows = await db.$queryRaw<{ id: string; isDeleted: boolean }[]>`
    with looked as (
      select e.id, e.lane, e.done_at from effects e
      where e.id > ${after}::uuid and e.id <= ${lastId}::uuid
      order by e.id limit ${batchSize}),
    old as (
      select e.id from effects e join looked l on l.id = e.id
      where e.done_at <= ${before}
        and not exists (select from effects o where ${owedLane("o")} = e.lane)
      order by e.id for update of e skip locked),
    deleted as (
      delete from effects using old where effects.id = old.id returning effects.id)
    select l.id, d.id is not null as "isDeleted" from looked l left join deleted d on d.id = l.id order by l.id`;
  const last = rows.at(-1);
  const deleted = rows.filter(({ isDeleted }) => isDeleted).length;
  return rows.length < batchSize || last === undefined ? { deleted } : { deleted, upTo: last.id };
}
