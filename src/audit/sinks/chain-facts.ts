import { Prisma, type PrismaClient } from "../../generated/prisma/client.ts";

/** What the chain holds, for a sink to compare with what it finds on the other side. */
export type ChainFacts = {
  /** The last place sent, by our own count. */
  readonly sent: number;
  /** The last place there is, and the last that was retired: retired places can't be compared. */
  readonly head: number;
  readonly retired: number;
  /** Looks up these places; returns those that the chain has. */
  at(places: readonly number[]): Promise<ReadonlyMap<number, ChainPlace>>;
};

export type ChainPlace = { readonly hash: string; readonly hasEvent: boolean };

/** Reads where the chain ends; places are looked up on demand. */
export async function readChainFacts(db: PrismaClient, sent: number): Promise<ChainFacts> {
  const [ends] = await db.$queryRaw<{ head: number; retired: number }[]>`
    select coalesce((select sequence from hallpass_chain_head()), 0)::float8 as head,
           coalesce((select max(last_sequence) from audit_tombstones), 0)::float8 as retired`;
  return {
    sent,
    head: ends?.head ?? 0,
    retired: ends?.retired ?? 0,
    async at(places) {
      if (places.length === 0) return new Map();
      const rows = await db.$queryRaw<(ChainPlace & { place: number })[]>`
        select c.sequence::float8 as place, c.hash, e.seq is not null as "hasEvent"
        from audit_chain c left join audit_events e on e.seq = c.event_seq
        where c.sequence in (${Prisma.join([...places])})`;
      return new Map(rows.map(({ place, ...rest }) => [place, rest]));
    },
  };
}
