// An attack that still works: it fails until it is mended. What a provider says in `keptBy` is dropped where `holds` says no.
import { type Office, openOffice } from "../support/access.ts";

let office: Office;
beforeEach(async () => {
  office = await openOffice();
});
afterEach(() => office?.close());

it("that somebody may give it themselves again (ADMIN OPTION) is said at its end", async () => {
  const { request } = await office.approved();
  await office.drain();
  const words = "somebody let them grant it on meanwhile (ADMIN OPTION)";
  // As PostgreSQL 16 and later: the row stays without effect, so that it is not held.
  const { revoke } = office.provider;
  Object.assign(office.provider, {
    revoke: async (...args: Parameters<typeof revoke>) => ({ ...(await revoke(...args)), keptBy: [words] }),
  });
  office.clock.advance(3_601_000);
  await office.drain();
  const event = await office.db.auditEvent.findFirst({
    where: { requestId: request.id, type: "grant.revoked" },
  });
  expect(JSON.stringify(event?.data)).toContain(words);
});
