import type { ClientBase } from "pg";
import { z } from "zod";
import { Prisma, type PrismaClient } from "../../generated/prisma/client.ts";
import type { Clock } from "../../persistence/database/clock.ts";
import { readPersonalDirectory } from "../../persistence/personal/directory.ts";
import { Checkpoint, checkpointColumns } from "../chain/checkpoint.ts";
import { auditFields } from "../export/query.ts";
import type { EventRecord, SinkRecord } from "./sink.ts";

/** How far a sink has come. Checkpoints are counted apart: they are made of what was sent long before. */
export type Position = { readonly events: number; readonly checkpoints: number };

export type Batch = {
  readonly records: readonly SinkRecord[];
  readonly reached: Position;
  /** There is more. */
  readonly isFull: boolean;
};

const batchSize = 500;

const fields = auditFields
  .map(({ name, sql }) => `${name === "seq" ? `${sql}::float8` : sql} as "${name}"`)
  .join(", ");

const Link = z.looseObject({
  sequence: z.number(),
  hash: z.string(),
  seq: z.number().nullable(),
  at: z.string().nullable(),
  type: z.string().nullable(),
  request: z.string().nullable(),
  actor: z.string().nullable(),
  rule: z.string().nullable(),
});
type Link = z.infer<typeof Link>;

/** Reads what follows a position, in the chain's order; with `opens`, tokens are opened. */
export async function readBatch(
  { client, db, clock }: { readonly client: ClientBase; readonly db: PrismaClient; readonly clock: Clock },
  from: Position,
  opens: boolean,
): Promise<Batch> {
  const { rows } = await client.query(
    `select c.sequence::float8 as sequence, c.hash, ${fields}
     from audit_chain c left join audit_events e on e.seq = c.event_seq
       left join access_requests r on r.id = e.request_id and e.request_number is null
     where c.sequence > $1 order by c.sequence limit ${batchSize}`,
    [from.events],
  );
  const found = z.array(Link).parse(rows);
  const links = withoutGaps(found, await begunAfter(client, from.events, found));
  const last = links.at(-1)?.sequence ?? from.events;
  const checkpoints = await readCheckpoints(db, clock, from.checkpoints, last);
  const reached = { events: last, checkpoints: checkpoints.at(-1)?.sequence ?? from.checkpoints };
  // Read after the events, so that a person erased meanwhile is erased here.
  const open = opens && links.length > 0 ? (await readPersonalDirectory(client)).openAll : undefined;
  const events = open ? links.map((link) => openRecord(link, open)) : links;
  const records = [...events, ...checkpoints].toSorted(
    (a, b) => a.sequence - b.sequence || Number(a.kind === "checkpoint") - Number(b.kind === "checkpoint"),
  );
  return { records, reached, isFull: links.length >= batchSize };
}

/** The place before the first one to send: what was retired before the sink existed is not missing. */
async function begunAfter(client: ClientBase, from: number, [first]: readonly Link[]): Promise<number> {
  if (!first || first.sequence === from + 1) return from;
  const { rows } = await client.query<{ retired: number | null }>(
    "select max(last_sequence)::float8 as retired from audit_tombstones",
  );
  return Math.max(from, rows[0]?.retired ?? 0);
}

/** The chain has no gaps: if there is one, somebody made it, and the sink is sent each missing place. */
function withoutGaps(links: readonly Link[], from: number): readonly SinkRecord[] {
  const records: SinkRecord[] = [];
  let next = from + 1;
  for (const link of links) {
    for (; next < link.sequence && records.length < batchSize; next += 1)
      records.push({ kind: "missing", sequence: next, hash: null });
    if (records.length >= batchSize) break;
    records.push(recordOf(link));
    next = link.sequence + 1;
  }
  return records;
}

function recordOf(link: Link): SinkRecord {
  const { sequence, hash, seq, at, type, actor } = link;
  if (seq === null || at === null || type === null || actor === null)
    return { kind: "missing", sequence, hash };
  return { ...link, kind: "event", seq, at, type, actor };
}

function openRecord(record: SinkRecord, open: (stored: unknown) => unknown): SinkRecord {
  if (record.kind !== "event") return record;
  // Opening changes the strings of an event, and nothing else.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return open(record) as EventRecord;
}

/** Two processes may sign at once and write the earlier place last; after this long both are there. */
const settledAfter = Prisma.sql`interval '30 seconds'`;

async function readCheckpoints(
  db: PrismaClient,
  clock: Clock,
  after: number,
  upTo: number,
): Promise<readonly (Checkpoint & { readonly kind: "checkpoint" })[]> {
  const rows = await db.$queryRaw<unknown[]>`
    select ${Prisma.raw(checkpointColumns)}
    from audit_checkpoints k
    where sequence > ${after} and sequence <= ${upTo} and at < ${clock.now} - ${settledAfter}
    order by sequence`;
  return z
    .array(Checkpoint)
    .parse(rows)
    .map((each) => ({ ...each, kind: "checkpoint" as const }));
}
