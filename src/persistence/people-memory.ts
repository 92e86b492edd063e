import type { PrismaClient } from "../generated/prisma/client.ts";

/** What asks the database, within a transaction or not. */
export type Statements = Pick<PrismaClient, "$queryRaw" | "$executeRaw">;

/** Whose something is: a person's number, or an account or address that somebody goes by now. */
export type Whose = number | string;

/** A person as this process has met them. */
export type Known = {
  readonly id: number;
  readonly key: Buffer;
  /** Ids of rows by what is in them. */
  readonly valueIds: Map<string, number>;
};

/** More people than this are not remembered at once. */
const maxRemembered = 20_000;

/** Who was met, and the last change of who is who before that. */
export type Remembered = { readonly known: Map<Whose, Known>; readonly seen: number };

/** The people that a process has met, with their keys; one for each Prisma client, because it is a cache of that database. */
const rememberedBy = new WeakMap<Statements, Promise<Remembered>>();

/** Who is who has changed. */
export function forgetPeople(db: Statements): void {
  rememberedBy.delete(db);
}

/**
 * What this process remembers of people since it last heard that who is who has changed: another object after each time, and once it
 * is too much. Whatever is written is held against the changes after it was begun, so who remembers anything of who is who asks for
 * this before, and remembers that for as long as it is the same.
 */
export async function remember(db: Statements): Promise<Remembered> {
  const begun = rememberedBy.get(db) ?? begin(db);
  const remembered = await begun;
  if (remembered.known.size <= maxRemembered) return remembered;
  // Whoever remembers besides who is who remembers it of an older moment than what is begun next.
  if (rememberedBy.get(db) === begun) forgetPeople(db);
  return remember(db);
}

/** One for all who ask at once: what each of them learns is not older than the change it begins at. */
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

/** Before anybody is asked for: a change that comes between is then noticed. */
async function readSeen(db: Statements): Promise<number> {
  const [row] = await db.$queryRaw<{ seen: number }[]>`
    select coalesce(max(id), 0) as seen from person_changes`;
  return row?.seen ?? 0;
}
