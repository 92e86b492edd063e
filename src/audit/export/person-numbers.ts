import type { ClientBase } from "pg";
import { nameKey } from "../../identity/recognise.ts";

/**
 * Finds the person numbers in events for the person a question or filter names: by a present or former address or account, or as
 * `person-7`. There are several if people turned out to be one, or if an address has belonged to two people.
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
