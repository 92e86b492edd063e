import { advisoryLocks } from "../../persistence/database/advisory-locks.ts";
import type { Client } from "pg";
import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import { type Archived, archiveName, findArchives, keepArchive, readArchive } from "./archive.ts";
import { Checkpoint, checkpointColumns, checkpointFault } from "../chain/checkpoint.ts";
import { isoTime } from "../iso-time.ts";
import { findRetainable, type Retainable } from "./retainable.ts";
import { exportSealed, findSealed, type SealedRange } from "../export/sealed-export.ts";
import type { SigningKey } from "../chain/signing-key.ts";
import { layTombstone, signTombstone, type Tombstone } from "./tombstone.ts";
import { verifySealed } from "../verify/verify-sealed.ts";
import { withClient } from "../../persistence/database/with-client.ts";

export type RetainOptions = {
  readonly databaseUrl: string;
  readonly key: SigningKey;
  /** Events older than this may be retired. */
  readonly years: number;
  /** Directory that keeps what is retired; it is kept nowhere by default. */
  readonly archive: string | undefined;
  /** Sinks that need not have received it. */
  readonly ignoredSinks: readonly string[];
  /** Most places per file and transaction. */
  readonly atOnce?: number;
};

/** Nothing more was retired, and why; the message is for an operator. */
export class RetainError extends Error {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "RetainError";
  }
}

const manyPlaces = 1_000_000;
const lockMilliseconds = 30_000;

/** Finds what could be retired now. Changes nothing. */
export async function planRetaining(options: RetainOptions): Promise<Retainable> {
  return withConnection(options, (client) => inSnapshot(client, () => findRetainable(client, options)));
}

/**
 * Retires the start of the chain that is old enough: archives a part, reads that back, and only then deletes it, in one transaction
 * with a signed tombstone and an event. Reports each part once it is done; if killed in the middle, a second run resumes.
 */
export async function retain(
  options: RetainOptions,
  onRetired: (tombstone: Tombstone) => void,
): Promise<Retainable> {
  return withConnection(options, async (client) => {
    const { rows } = await client.query<{ taken: boolean }>("select pg_try_advisory_lock($1) as taken", [
      advisoryLocks.retire,
    ]);
    if (rows[0]?.taken !== true)
      throw new RetainError("Somebody else is retiring the audit now: wait until that is done.");
    for (;;) {
      const { retainable, part } = await inSnapshot(client, () => keepNext(client, options));
      if (!part) return retainable;
      onRetired(await bury(client, options, part));
    }
  });
}

type Part = {
  readonly range: SealedRange;
  readonly times: { readonly firstAt: string; readonly lastAt: string };
  readonly archived: Pick<Archived, "name" | "sha256"> | undefined;
};

/** Verifies the next part and archives it, if there is an archive. */
async function keepNext(
  client: Client,
  options: RetainOptions,
): Promise<{ readonly retainable: Retainable; readonly part?: Part }> {
  const { key, archive, atOnce = manyPlaces } = options;
  const retainable = await findRetainable(client, options);
  if (!retainable.range) return { retainable };
  const { from, to } = retainable.range;
  const left = archive === undefined ? undefined : await leftBehind(client, options, archive, from, to);
  if (left) return { retainable, part: left };
  const range = await rangeOf(client, from, Math.min(to, from + atOnce - 1));
  const times = await timesOf(client, range);
  const trust = await trusted(client, key);
  const { stream } = exportSealed(client, range, key);
  if (archive === undefined) {
    insist(await verifySealed(stream, trust), "The audit");
    return { retainable, part: { range, times, archived: undefined } };
  }
  const name = archiveName({ ...range, ...times });
  const archived = await keepArchive(archive, name, stream, trust);
  insist(archived, "The audit");
  return { retainable, part: { range, times, archived } };
}

/** The part that an earlier run archived, but was killed before it deleted. */
async function leftBehind(
  client: Client,
  { key }: RetainOptions,
  archive: string,
  from: number,
  to: number,
): Promise<Part | undefined> {
  const left = (await findArchives(archive, from)).find((file) => file.to <= to);
  if (!left) return undefined;
  const range = await rangeOf(client, from, left.to);
  const archived = await readArchive(archive, left.name, await trusted(client, key));
  insist(archived, `${left.name} is in the archive already. It`);
  const { proof } = archived;
  if (proof?.from !== range.from || proof.previous !== range.previous || proof.hash !== range.hash)
    throw new RetainError(
      `${left.name} is in the archive already, and is no part of this audit: give another directory, or move it away.`,
    );
  return { range, times: await timesOf(client, range), archived };
}

function insist({ faults }: { readonly faults: readonly string[] }, what: string): void {
  if (faults.length === 0) return;
  throw new RetainError(
    `${what} is not as it was written, so nothing of it was retired: ${faults.join("; ")}. See hallpass audit verify.`,
  );
}

async function rangeOf(client: Client, from: number, to: number): Promise<SealedRange> {
  const range = await findSealed(client, { from, to });
  if ("fault" in range) throw new RetainError(`Nothing of the audit was retired: ${range.fault}.`);
  return range;
}

const Times = z.object({ firstAt: z.string(), lastAt: z.string() });

async function timesOf(client: Client, { from, to }: SealedRange): Promise<Part["times"]> {
  const { rows } = await client.query(
    `select ${isoTime("min(e.at)")} as "firstAt",
            ${isoTime("max(e.at)")} as "lastAt"
     from audit_chain c join audit_events e on e.seq = c.event_seq where c.sequence between $1 and $2`,
    [from, to],
  );
  return Times.parse(rows[0]);
}

/** Checkpoints signed with an earlier key are left out: they are no reason to keep the audit for ever. */
async function trusted(client: Client, key: SigningKey): Promise<Parameters<typeof verifySealed>[1]> {
  const keys = [key.publicKey];
  const { rows } = await client.query(`select ${checkpointColumns} from audit_checkpoints k`);
  const checkpoints = z.array(Checkpoint).parse(rows);
  return { keys, checkpoints: checkpoints.filter((each) => checkpointFault(each, keys) === undefined) };
}

/** Inserts the tombstone and deletes what it stands for, all or nothing. */
async function bury(client: Client, options: RetainOptions, part: Part): Promise<Tombstone> {
  const { range, times, archived } = part;
  await client.query("begin");
  try {
    // A request that was over may be open again.
    const { range: still, before } = await findRetainable(client, options);
    if (!still || still.from !== range.from || still.to < range.to)
      throw new RetainError("The audit changed meanwhile, so nothing more was retired: try again.");
    const { rows } = await client.query<{ at: Date }>("select date_trunc('milliseconds', now()) as at");
    const tombstone = signTombstone(
      {
        from: range.from,
        to: range.to,
        previous: range.previous,
        hash: range.hash,
        ...times,
        ...(archived && { archive: { name: archived.name, sha256: archived.sha256 } }),
        at: (rows[0]?.at ?? new Date(0)).toISOString(),
      },
      options.key,
    );
    await layTombstone(client, tombstone);
    const places = [range.from, range.to];
    await client.query(
      "delete from audit_events e using audit_chain c where c.event_seq = e.seq and c.sequence between $1 and $2",
      places,
    );
    await client.query("delete from audit_chain where sequence between $1 and $2", places);
    await client.query(
      `insert into audit_events (id, at, type, actor_kind, data) values ($1, $2, 'audit.retained', 'hallpass', $3)`,
      [
        uuidv7(),
        tombstone.at,
        JSON.stringify({
          from: range.from,
          to: range.to,
          before,
          via: "cli",
          ...(archived && { archive: archived.name }),
        }),
      ],
    );
    await client.query("commit");
    return tombstone;
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}

async function inSnapshot<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query("begin transaction isolation level repeatable read read only");
  try {
    return await work();
  } finally {
    await client.query("rollback").catch(() => undefined);
  }
}

function withConnection<T>({ databaseUrl }: RetainOptions, work: (client: Client) => Promise<T>): Promise<T> {
  const settings = {
    connectionString: databaseUrl,
    lock_timeout: lockMilliseconds,
    application_name: "hallpass audit retain",
  };
  return withClient(settings, work);
}
