import { threadSays } from "../support/ask.ts";
import { openSite, type Site } from "../support/site.ts";

let site: Site;

beforeAll(async () => {
  site = await openSite({ database: "embedded" });
});
afterAll(() => site?.close());

it("Hallpass gives and ends access in its own database as the role that owns nothing, and lacks no right", async () => {
  const run = await site.start();
  await run.ready();
  const { slack, guarded } = site;
  await slack.as("alice").types("/request-access orders-db write 1h to see whether it works");
  const message = await slack.until(() => slack.channel("#orders-approvals").messages().at(0), "a request");
  await slack.as("bob").presses(message, "Approve");
  await threadSays(site, message, "Granted to");
  expect(await guarded.rolesOf("alice")).toEqual([guarded.names.write]);

  // Queues, sweep and watchdog: whoever is connected but this test.
  const connected = await site.query(
    "select distinct usename as role from pg_stat_activity where datname is not null and pid <> pg_backend_pid()",
  );
  expect(connected).toEqual([{ role: "hallpass_bot" }]);

  await slack.as("bob").presses(slack.channel("#orders-approvals").messages().at(0) ?? message, "End access");
  await threadSays(site, message, "🔒");
  expect(await guarded.rolesOf("alice")).toEqual([]);
  await slack.as("dana").types("/access-audit export since 1d format csv");
  await slack.until(async () => (await site.audited())["audit.exported"] === 1, "an export");
  // What lacks a right is stood in for, and only the log says so; that one role of the policy is missing is true.
  const told = run
    .lines()
    .filter((line) => line.level > 30 && !JSON.stringify(line).includes("no_such_role"));
  expect(told).toEqual([]);
  await run.stop();
});
