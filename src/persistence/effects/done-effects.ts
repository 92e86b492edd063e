import { v7 as uuidv7, NIL } from "uuid";
import type { PrismaClient } from "../../generated/prisma/client.ts";
import type { Clock } from "../database/clock.ts";
import { owedLane } from "./effects.ts";
import { readNow } from "../requests/requests.ts";

/** Effects per statement: it takes some milliseconds and holds up nobody. */
const batchSize = 500;
/** Ids hold the time of the machine that recorded the effect, whose clock may be ahead of the database's. */
const skewMs = 86_400_000;

/** Where a walk through the old effects begins. */
export const beginning: string = NIL;

/** The result of one step of a walk. `upTo`: where the next step begins; absent at the end. */
export type Walked = { readonly deleted: number; readonly upTo?: string };

/**
 * Deletes the next effects that were done at least `keepSeconds` ago. Effects that are not done stay, and so do those
 * done before them in their lane, because these say what has been tried.
 *
 * Walks in the order of ids, which is the order of creation: an index by completion time would be written each time an
 * effect is done, and this index exists anyway. Several processes may run it at once; each skips rows that another has
 * locked.
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
