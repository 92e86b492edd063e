import { requestAccess } from "../../src/access/requests/request-access.ts";
import { decideRequest } from "../../src/access/requests/decide-request.ts";
import { hallpass } from "../cli/run-hallpass.ts";
import { type Office, openOffice } from "../support/access.ts";
import { alice, bob } from "../support/build.ts";
import { blocksOf, readPage } from "./markdown.ts";

let office: Office;

beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office.close());

const run = (words: readonly string[]): ReturnType<typeof hallpass> =>
  hallpass(words, { env: { DATABASE_URL: office.ownerUrl } });

test("the page's command erases, says what it does not reach, and refuses while something is open", async () => {
  const [command] = blocksOf(await readPage("privacy.md"));
  const [name, ...words] = command?.text.trim().split(" ") ?? [];
  expect(name).toBe("hallpass");
  const filed = await requestAccess(office, {
    requester: alice,
    resource: "orders-db",
    role: "read",
    durationSeconds: 3600,
    reason: "because",
    source: "slack",
  });
  if (filed.outcome !== "filed") throw new Error(JSON.stringify(filed));

  const early = await run(words);
  expect([early.code, early.stdout, early.stderr]).toEqual([
    1,
    "",
    "alice@example.com has asked for access by AR-1001, which is still open: cancel or decide it first, nothing was erased.\n",
  ]);
  const verdict = { type: "deny", reason: "no" } as const;
  await decideRequest(office, { requestId: filed.request.id, by: bob, verdict, key: "click" });

  const unasked = await run(words.filter((word) => word !== "--yes"));
  expect([unasked.code, unasked.stderr]).toEqual([1, expect.stringContaining("add --yes")]);
  const erased = await run(words);
  expect([erased.code, erased.stderr]).toEqual([0, ""]);
  const [, person] = /"erased person (\d+)"/.exec(erased.stdout) ?? [];
  expect(erased.stdout).toContain("backups of this database");

  const exported = await run(["audit", "export", "--format", "csv", "--user", `person-${person}`]);
  expect(exported.stdout).toContain(`erased person ${person}`);
  expect(exported.stdout).not.toContain("alice");
  expect((await run(words)).stderr).toMatch(/^Nobody is known as alice@example\.com/);
});
