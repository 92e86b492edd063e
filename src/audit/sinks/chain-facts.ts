import { Prisma, type PrismaClient } from "../../generated/prisma/client.ts";

/** What the chain itself has, for a sink that holds what it finds on the other side against it. */
export type ChainFacts = {
  /** The last place that was sent, by our own count. */
  readonly sent: number;
  /** The last place there is, and the last that was retired: what was retired can't be compared. */
  readonly head: number;
  readonly retired: number;
  /** Those of these places that the chain has. */
  at(places: readonly number[]): Promise<ReadonlyMap<number, ChainPlace>>;
};

export type ChainPlace = { readonly hash: string; readonly hasEvent: boolean };

/** The chain as it stands, to be looked up in. */
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
