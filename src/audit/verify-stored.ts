import type { ClientBase } from "pg";
import { z } from "zod";
import { createOpener, readPersonalRows } from "../persistence/personal-values.ts";
import { normalEmail } from "../policy/principal.ts";

const Texts = z.array(z.object({ text: z.string() }));

/** What is not in the chain and has to agree with it. Expects a transaction that reads one snapshot. */
export async function storedFaults(client: ClientBase): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const question of [changedNumbers, changedPolicies, missingPolicies]) {
    const { rows } = await client.query(question);
    faults.push(...Texts.parse(rows).map(({ text }) => text));
  }
  return [...faults, ...(await handleFaults(client))];
}

/** Questions find people by their handles: each has to be something that its person is called. */
async function handleFaults(client: ClientBase): Promise<readonly string[]> {
  const { keys, values } = await readPersonalRows(client);
  const opener = createOpener({ keys, values });
  const calledBy = new Map<number, Set<string>>();
  for (const { id: valueId, person_id: person, kind } of values.values()) {
    if (kind !== "email" && kind !== "slack_id") continue;
    const opened = opener.value({ kind: "value", valueId });
    if (opened.is !== "open") continue;
    const called = calledBy.get(person) ?? new Set();
    calledBy.set(person, called.add(kind === "email" ? normalEmail(opened.text) : opened.text));
  }
  const { rows } = await client.query<{ id: number; handle: string }>(
    "select id, handle from people where handle is not null order by id",
  );
  return rows
    .filter(({ id, handle }) => {
      // Whoever is not to be read is named by the events they are in.
      const called = calledBy.get(id);
      return called !== undefined && !called.has(handle);
    })
    .slice(0, 10)
    .map(({ id }) => `person ${id} is found by what nobody calls them; it was changed, or exchanged`);
}

/** By their numbers requests are asked for; which is whose, the events say. */
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

const missingPolicies = `
  select format('the text of the policy %s… that was in force is not kept; it was deleted', left(v.hash, 16)) as text
  from (select data ->> 'hash' as hash from audit_events where type = 'policy.loaded'
        union select policy_version from access_requests) v
  where not exists (select from policies p where p.hash = v.hash) order by 1 limit 10`;
