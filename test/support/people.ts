import type { Person } from "../../src/domain/person.ts";
import type { PrismaClient } from "../../src/generated/prisma/client.ts";
import { createDatabaseClock } from "../../src/persistence/database/clock.ts";
import { createPeople } from "../../src/persistence/people/identities.ts";
import { alice, bob, carol } from "./build.ts";

/** A function of SQL, for who writes requests past Hallpass: the number of whoever goes by an address, met if need be. */
export const testPersonFunction = `
  create function test_person(address text) returns integer language plpgsql as $$
  declare person integer := (select person_id from person_names where kind = 'email' and name = lower(address) and until is null);
  begin
    if person is null then
      insert into people (key) values (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'))
      returning id into person;
      insert into person_names (person_id, kind, name, since) values (person, 'email', lower(address), now());
    end if;
    return person;
  end $$`;

/** Meets Alice, Bob and Carol in a new database, where their numbers are then those that `build.ts` gives them. */
export async function meetEverybody(db: PrismaClient): Promise<void> {
  const people = createPeople({
    db,
    clock: createDatabaseClock(),
    lookUp: () => Promise.resolve({ is: "unknown", why: "nobody is asked" }),
    onChange: () => undefined,
  });
  for (const person of [alice, bob, carol] as readonly Person[]) {
    const { id } = await people.resolve(person);
    if (id !== person.id) throw new Error(`${person.name} is person ${id}, and ${person.id} in build.ts`);
  }
}
