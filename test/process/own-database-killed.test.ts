import { ask, threadSays } from "../support/ask.ts";
import { openSite, type Site } from "../support/site.ts";

let site: Site;
beforeAll(async () => {
  site = await openSite({ database: "embedded" });
});
afterAll(() => site?.close());

it("its own database killed under it: started again, nothing lost, and everything goes on", async () => {
  const { slack, guarded } = site;
  const run = await site.start();
  await run.ready();
  const message = await ask(site, "alice", "orders-db read 8s the server is killed meanwhile");
  await slack.as("bob").presses(message, "Approve");
  await threadSays(site, message, "Granted to");

  const pid = await site.embeddedPid();
  if (pid === undefined) throw new Error("no server is running");
  process.kill(pid, "SIGKILL");
  await run.says("has ended by itself");
  await slack.until(
    () => slack.thread(message).some(({ visibleText }) => visibleText.includes("Revoked and verified")),
    "the access to end although its database was killed",
    30_000,
  );
  expect(await guarded.rolesOf("alice")).toEqual([]);
  const next = await ask(site, "bob", "orders-db read 1h the server is back");
  expect(next.visibleText).toContain("the server is back");

  await run.stop();
  expect(await site.embeddedPid()).toBeUndefined();
}, 60_000);
