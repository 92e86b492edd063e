import { requestAccess } from "../../src/access/requests/request-access.ts";
import { dueEffects } from "../../src/persistence/effects/effects.ts";
import type { Person } from "../../src/domain/person.ts";
import { type Office, openOffice } from "../support/access.ts";
import { alice, bob } from "../support/build.ts";

let office: Office;
beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office.close());

async function ask(requester: Person, reason: string): Promise<string> {
  const asked = { requester, resource: "orders-db", role: "read", durationSeconds: 3600 } as const;
  const filed = await requestAccess(office, { ...asked, reason, source: "slack" });
  if (filed.outcome !== "filed") throw new Error(filed.outcome);
  return filed.request.id;
}

test("a look at what is due finds another's message, however many of one person's have waited longer", async () => {
  for (let count = 0; count < 15; count += 1) await ask(alice, `flood ${count}`);
  const honest = await ask(bob, "an honest one");
  const looked = await dueEffects(office.db, office.clock, 6, ["messages"]);
  expect(looked).toHaveLength(6);
  const theirs = await office.db.effect.findMany({
    where: { requestId: honest, queue: "messages" },
    select: { id: true },
  });
  const places = theirs.map(({ id }) => looked.findIndex((each) => each.id === id));
  // Their card and their direct message, taking turns with the other's.
  expect(places.toSorted((a, b) => a - b)).toEqual([1, 3]);
});
