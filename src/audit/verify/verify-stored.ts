import type { ClientBase } from "pg";
import { z } from "zod";
import { createOpener, readPersonalRows } from "../../persistence/personal/values.ts";
import { nameKey } from "../../identity/recognise.ts";

const Texts = z.array(z.object({ text: z.string() }));

/** Checks what is outside the chain and has to agree with it. Expects a transaction that reads one snapshot. */
export async function storedFaults(client: ClientBase): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const question of [changedNumbers, changedPolicies, missingPolicies, changedJoins]) {
    const { rows } = await client.query(question);
    faults.push(...Texts.parse(rows).map(({ text }) => text));
  }
  return [...faults, ...(await nameFaults(client))];
}

const Names = z.array(z.object({ person: z.number(), kind: z.string(), name: z.string() }));

/**
 * Questions find people by the names they have or once had: nobody may be found by a name that events give only to others, and
 * everybody must be found by their addresses. People who turned out to be one count as one.
 */
async function nameFaults(client: ClientBase): Promise<readonly string[]> {
  const { rows } = await client.query(
    `select coalesce(p.joined_into, p.id) as person, n.kind, n.name from person_names n join people p on p.id = n.person_id
     order by p.id, n.id`,
  );
  const wentBy = groupBy(Names.parse(rows), ({ kind, name, person }) => [`${kind} ${name}`, person]);
  const called = groupBy(await calledIn(client), ({ kind, name, person }) => [`${kind} ${name}`, person]);
  const faults: string[] = [];
  for (const [name, persons] of wentBy) {
    const callers = called.get(name);
    if (!callers || [...callers].some((person) => persons.has(person))) continue;
    for (const person of persons)
      faults.push(`person ${person} is found by what nobody calls them; it was changed, or exchanged`);
  }
  for (const [name, persons] of called) {
    if (wentBy.has(name) || !name.startsWith("email ")) continue;
    for (const person of persons)
      faults.push(`person ${person} is not found by what they are called; that was deleted, or exchanged`);
  }
  return [...new Set(faults)].slice(0, 10);
}

/** What people are called in events. Values that cannot be read are left out: the events that name them report those. */
async function calledIn(client: ClientBase): Promise<z.infer<typeof Names>> {
  const { keys, values } = await readPersonalRows(client);
  const { rows } = await client.query<{ id: number; into: number }>(
    "select id, joined_into as into from people where joined_into is not null",
  );
  const joined = new Map(rows.map(({ id, into }) => [id, into]));
  const opener = createOpener({ keys, values });
  return [...values.values()].flatMap(({ id: valueId, person_id: person, kind }) => {
    if (kind !== "email" && kind !== "slack_id") return [];
    const opened = opener.value({ kind: "value", valueId });
    return opened.is === "open" ? [{ person: joined.get(person) ?? person, ...nameKey(opened.text) }] : [];
  });
}

function groupBy<T>(
  all: readonly T[],
  entryOf: (one: T) => readonly [string, number],
): ReadonlyMap<string, ReadonlySet<number>> {
  const groups = new Map<string, Set<number>>();
  for (const one of all) {
    const [key, value] = entryOf(one);
    groups.set(key, (groups.get(key) ?? new Set()).add(value));
  }
  return groups;
}

/** Requests are looked up by number; events say which number is whose. */
const changedNumbers = `
  select format('place %s: AR-%s is the number of the request %s there, and in access_requests it is %s; it was changed, or exchanged',
                min(c.sequence), e.request_number, e.request_id, coalesce('AR-' || r.number, 'none')) as text
  from audit_events e
  join audit_chain c on c.event_seq = e.seq
  left join access_requests r on r.id = e.request_id
  where e.request_number is not null and r.number is distinct from e.request_number
  group by e.request_number, e.request_id, r.number order by min(c.sequence) limit 10`;

const changedPolicies = `
  select format('the policy text that is kept as %s… has another SHA-256; it was changed, or exchanged', left(hash, 16)) as text
  from policies where hash <> encode(sha256(convert_to(text, 'UTF8')), 'hex') order by loaded_at, hash limit 10`;

/** Who counts as whom, checked against the last event that says so; skipped once anything was retired, as that may have said it. */
const changedJoins = `
  with told as (
    select distinct on (other) other, type, person from (
      select seq, type, (data ->> 'person')::int as person, (data ->> 'other')::int as other
      from audit_events where type in ('person.joined', 'person.split')) e
    order by other, seq desc)
  select case when p.joined_into is null
           then format('person %s turned out to be person %s, and in people they are not; it was changed', p.id, t.person)
           else format('person %s counts as person %s, and no event says that they turned out to be one; it was changed', p.id, p.joined_into)
         end as text
  from people p left join told t on t.other = p.id
  where not exists (select from audit_tombstones)
    and case when p.joined_into is null then t.type = 'person.joined'
             else t.type is distinct from 'person.joined'
               or p.joined_into is distinct from (select coalesce(o.joined_into, o.id) from people o where o.id = t.person) end
  order by p.id limit 10`;

const missingPolicies = `
  select format('the text of the policy %s… that was in force is not kept; it was deleted', left(v.hash, 16)) as text
  from (select data ->> 'hash' as hash from audit_events where type = 'policy.loaded'
        union select policy_version from access_requests) v
  where not exists (select from policies p where p.hash = v.hash) order by 1 limit 10`;
