import type { PrismaClient } from "../../generated/prisma/client.ts";
import type { Clock } from "../../persistence/database/clock.ts";

/** Reads a follower's cursor, its position in the chain; 0 before its first event. */
export async function readCursor(db: PrismaClient, name: string): Promise<number> {
  const cursor = await db.auditCursor.findUnique({ where: { name }, select: { sequence: true } });
  return Number(cursor?.sequence ?? 0);
}

/** Advances a follower's cursor, and never moves it back. Resolves with whether it moved. */
export async function moveCursor(
  db: PrismaClient,
  clock: Clock,
  name: string,
  sequence: number,
): Promise<boolean> {
  const moved = await db.$executeRaw`
    insert into audit_cursors (name, sequence, moved_at) values (${name}, ${sequence}, ${clock.now})
    on conflict (name) do update set sequence = excluded.sequence, moved_at = excluded.moved_at
    where audit_cursors.sequence < excluded.sequence`;
  return moved > 0;
}
