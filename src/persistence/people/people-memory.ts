import type { PrismaClient } from "../../generated/prisma/client.ts";

/** A database client, within a transaction or not. */
export type Statements = Pick<PrismaClient, "$queryRaw" | "$executeRaw">;

/** Identifies a person: by number, or by an account or address that somebody goes by now. */
export type Whose = number | string;

/** A person in this process's cache. */
export type Known = {
  readonly id: number;
  readonly key: Buffer;
  /** The row ids of their names, by `nameOf`. */
  readonly valueIds: Map<string, number>;
};

/** Maximum people in the cache. */
const maxRemembered = 20_000;

/** The cached people, and the last identity change from before the cache was begun. */
export type Remembered = { readonly known: Map<Whose, Known>; readonly seen: number };

/** The cached people with their keys; one cache for each Prisma client, because it caches that database. */
const rememberedBy = new WeakMap<Statements, Promise<Remembered>>();

/** Drops the cache because identities have changed. */
export function dropCachedPeople(db: Statements): void {
  rememberedBy.delete(db);
}

/**
 * What this process has cached about people since it last learnt of an identity change: a new object each time, and
 * when it grows too large. Writes are checked against changes made since it was begun, so get it before reading
 * identities, and cache anything of them only as long as you get the same object.
 */
export async function remember(db: Statements): Promise<Remembered> {
  const begun = rememberedBy.get(db) ?? begin(db);
  const remembered = await begun;
  if (remembered.known.size <= maxRemembered) return remembered;
  // A new object, because other caches tied to this one hold identities older than the change the next begins at.
  if (rememberedBy.get(db) === begun) dropCachedPeople(db);
  return remember(db);
}

/** Shared by all who ask at once: what each of them reads next is not older than the change it begins at. */
function begin(db: Statements): Promise<Remembered> {
  const begun = readSeen(db).then(
    (seen) => ({ known: new Map<Whose, Known>(), seen }),
    (error: unknown) => {
      if (rememberedBy.get(db) === begun) rememberedBy.delete(db);
      throw error;
    },
  );
  rememberedBy.set(db, begun);
  return begun;
}

/** Read before any person is, so that a change in between is noticed. */
async function readSeen(db: Statements): Promise<number> {
  const [row] = await db.$queryRaw<{ seen: number }[]>`
    select coalesce(max(id), 0) as seen from person_changes`;
  return row?.seen ?? 0;
}
