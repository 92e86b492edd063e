import type { ClientBase } from "pg";
import { z } from "zod";
import { termKey } from "../../persistence/requests/term-key.ts";
import { isoTime } from "../iso-time.ts";

/** Which part of the audit may be retired. */
export type Retainable = {
  /** The first place there is, and the last that may be retired; absent if none may. */
  readonly range?: { readonly from: number; readonly to: number };
  /** Events before this time are old enough. */
  readonly before: string;
  /** Why less may be retired than is old enough. */
  readonly stops: readonly string[];
};

const Bounds = z.object({
  before: z.string(),
  first: z.number().nullable(),
  /** The last place before the first event that is not old enough. */
  old: z.number().nullable(),
});

/** Finds the places at the start of the chain that are old enough, completely over, and received by every sink. */
export async function findRetainable(
  client: ClientBase,
  { years, ignoredSinks }: { readonly years: number; readonly ignoredSinks: readonly string[] },
): Promise<Retainable> {
  const { rows } = await client.query(
    `with cut as (select date_trunc('milliseconds', now()) - make_interval(years => $1) as at)
     select ${isoTime("cut.at")} as before,
            (select min(sequence) from audit_chain)::float8 as first,
            coalesce(
              (select c.sequence - 1 from audit_chain c join audit_events e on e.seq = c.event_seq
               where e.at >= cut.at order by c.sequence limit 1),
              (select max(sequence) from audit_chain))::float8 as old
     from cut`,
    [years],
  );
  const { before, first, old } = Bounds.parse(rows[0]);
  if (first === null || old === null || old < first) return { before, stops: [] };
  const limits = [...(await unfinished(client)), ...(await behind(client, ignoredSinks))];
  const to = Math.min(old, ...limits.map(({ last }) => last));
  return {
    before,
    ...(to >= first && { range: { from: first, to } }),
    stops: limits.filter(({ last }) => last < old).map(({ why }) => why),
  };
}

type Limit = { readonly last: number; readonly why: string };

const Unfinished = z.array(z.object({ place: z.number(), name: z.string() }));

/** Requests that are waiting, or whose access is not proven gone: everything from their first event on stays. */
async function unfinished(client: ClientBase): Promise<readonly Limit[]> {
  const { rows } = await client.query(
    `select c.sequence::float8 as place, 'AR-' || r.number as name
     from access_requests r
     cross join lateral (
       select min(c.sequence) as sequence from audit_events e join audit_chain c on c.event_seq = e.seq
       where e.request_id = r.id) c
     where c.sequence is not null
       and (r.status = 'pending'
         or exists (select from grants g where g.request_id = r.id and g.status <> 'revoked')
         or (r.status = 'approved' and r.terms -> ${termKey("startWithinSeconds")} is not null
             and not exists (select from grants g where g.request_id = r.id)))
     order by c.sequence limit 1`,
  );
  return Unfinished.parse(rows).map(({ place, name }) => ({
    last: place - 1,
    why: `place ${place} and what follows stays: ${name} is not over`,
  }));
}

const Behind = z.array(z.object({ sink: z.string(), place: z.number(), moved: z.string() }));

/** Sinks that have been followed, and how far each has come. */
async function behind(client: ClientBase, ignored: readonly string[]): Promise<readonly Limit[]> {
  const { rows } = await client.query(
    `select split_part(name, ':', 2) as sink,
            coalesce(max(sequence) filter (where name = 'sink:' || split_part(name, ':', 2)), 0)::float8 as place,
            to_char(max(moved_at) at time zone 'UTC', 'YYYY-MM-DD') as moved
     from audit_cursors where starts_with(name, 'sink:') group by 1 order by 1`,
  );
  return Behind.parse(rows)
    .filter(({ sink }) => !ignored.includes(sink))
    .map(({ sink, place, moved }) => ({
      last: place,
      why:
        `place ${place + 1} and what follows stays: the sink ${sink} has not had it (it last took something on ${moved}); ` +
        `if there is no such sink any more, add --ignore-sink ${sink}`,
    }));
}
