import type { ClientBase } from "pg";
import { nameKey } from "../identity/recognise.ts";

/**
 * The numbers that stand in events for whom a question or a filter names: by an address or account of theirs, of now or once, or as
 * `person-7`. Several where people turned out to be one, or an address has been two people's.
 */
export async function personNumbers(client: ClientBase, user: string): Promise<readonly number[]> {
  const number = /^person-(\d{1,9})$/.exec(user)?.[1];
  const { kind, name } = nameKey(user);
  const { rows } = await client.query<{ id: number }>(
    `with named as (
       select $1::int as id where $1 is not null
       union select person_id from person_names where $1 is null and kind = $2 and name = $3),
     one as (select distinct coalesce(p.joined_into, p.id) as id from people p join named using (id))
     select p.id from people p join one on one.id in (p.id, p.joined_into) order by p.id`,
    [number === undefined ? null : Number(number), kind, name],
  );
  return rows.map(({ id }) => id);
}
