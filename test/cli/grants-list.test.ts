import { type Office, openOffice } from "../support/access.ts";
import { hallpass } from "./run-hallpass.ts";

let office: Office;
beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office?.close());

const list = (...args: readonly string[]) =>
  hallpass(["grants", "list", ...args], { env: { DATABASE_URL: office.workUrl } });

test("says that there is none, lists what there is, and what is overdue", async () => {
  expect(await list()).toMatchObject({ code: 0, stdout: "There is no access.\n" });
  const { request } = await office.approved(3600);
  await office.drain();
  const { stdout } = await list();
  expect(stdout).toMatch(
    new RegExp(
      `^AR-${request.number} alice@example\\.com orders-db:read as alice in orders-postgres: until \\S+Z\\n$`,
    ),
  );
  expect(await list("--overdue")).toMatchObject({ code: 0, stdout: "Nothing is overdue.\n" });

  await office.db.$executeRaw`update grants set expires_at = now() - interval '1 hour'`;
  expect((await list("--overdue")).stdout).toContain(": OVERDUE, should have ended at ");

  // Access that was gone and appeared again should have ended then.
  await office.db.$executeRaw`
    update grants set status = 'revoking', expires_at = now() - interval '3 days', ending_since = now()`;
  expect(await list("--overdue")).toMatchObject({ stdout: "Nothing is overdue.\n" });
  expect((await list()).stdout).toContain(": is being taken away\n");
  await office.db.$executeRaw`update grants set ending_since = '2026-03-03T09:00:00Z'`;
  expect((await list("--overdue")).stdout).toContain(
    ": OVERDUE, should have ended at 2026-03-03T09:00:00Z\n",
  );
  expect(JSON.parse((await list("--json")).stdout)).toEqual([
    expect.objectContaining({ number: request.number, isOverdue: true }),
  ]);
});
