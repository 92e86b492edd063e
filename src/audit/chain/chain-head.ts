import type { ClientBase } from "pg";
import { z } from "zod";
import { isoTime } from "../iso-time.ts";

const Head = z.object({ sequence: z.number(), hash: z.string(), at: z.string() });

/** Reads the head of the chain, and when it was read; place 0 and 64 zeros before anything is sealed. */
export async function readHead(client: ClientBase): Promise<{
  readonly head: { readonly sequence: number; readonly hash: string };
  readonly at: string;
}> {
  const { rows } = await client.query(
    `select coalesce(h.sequence, 0)::float8 as sequence, coalesce(h.hash, repeat('0', 64)) as hash,
            ${isoTime("now()")} as at
     from (select 1) as once left join hallpass_chain_head() h on true`,
  );
  const { sequence, hash, at } = Head.parse(rows[0]);
  return { head: { sequence, hash }, at };
}
