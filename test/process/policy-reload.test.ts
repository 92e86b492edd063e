import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Run } from "../support/process.ts";
import { openSite, type Site } from "../support/site.ts";

let site: Site;
beforeEach(async () => {
  site = await openSite();
});
afterEach(() => site?.close());

async function inForce(run: Run): Promise<string> {
  const { body } = await run.ops("/metrics");
  return /hallpass_policy_in_force\{hash="([0-9a-f]+)"\} 1/.exec(body)?.[1] ?? "";
}

async function loadedTimes(): Promise<number> {
  const [row] = await site.query<{ count: number }>(
    "select count(*)::int from audit_events where type = 'policy.loaded'",
  );
  return row?.count ?? 0;
}

function path(): string {
  return join(site.directory, "hallpass.yml");
}

/** Waits for what the process does by itself; it has a signal or a look at the files to wait for. */
function until(what: string, condition: () => Promise<boolean>): Promise<unknown> {
  return site.slack.until(condition, what);
}

it("SIGHUP puts a changed policy in force, and leaves the old one where the new one is broken", async () => {
  const run = await site.start();
  await run.ready();
  const first = await inForce(run);
  const text = await readFile(path(), "utf8");

  await writeFile(path(), `${text}# changed\n`);
  expect(await inForce(run)).toBe(first);
  run.child.kill("SIGHUP");
  await until("the new policy", async () => (await inForce(run)) !== first);
  const second = await inForce(run);

  await writeFile(path(), `${text}nonsense: true\n`);
  run.child.kill("SIGHUP");
  await until("the refusal", async () =>
    (await run.ops("/metrics")).body.includes("hallpass_policy_refused 1"),
  );
  expect(await inForce(run)).toBe(second);
  expect((await run.ops("/readyz")).status).toBe(200);
  expect(await loadedTimes()).toBe(2);
  expect(run.isRunning()).toBe(true);
});

it("with --watch a changed file is enough, also one that is swapped in", async () => {
  const run = await site.start({}, ["--watch"]);
  await run.ready();
  const first = await inForce(run);
  const text = await readFile(path(), "utf8");
  await writeFile(join(site.directory, "next"), `${text}# changed\n`);
  await rename(join(site.directory, "next"), path());
  await until("the new policy", async () => (await inForce(run)) !== first);
  expect(await loadedTimes()).toBe(2);
});

it("/readyz of OPS_PORT says which provider lacks a role of the policy, until none does; Hallpass stays ready", async () => {
  const run = await site.start({}, ["--watch"]);
  await run.ready();
  const lacking = `provider orders-postgres: role "no_such_role_${site.guarded.names.read}" does not exist`;
  await until("the role that is missing", async () => (await run.ops("/readyz")).body.includes("degraded"));
  const { status, body } = await run.ops("/readyz");
  expect([status, JSON.parse(body)]).toEqual([200, { ready: true, degraded: [lacking] }]);
  expect((await run.ops("/metrics")).body).toContain('hallpass_provider_ready{provider="orders-postgres"} 0');

  const text = await readFile(path(), "utf8");
  const { read } = site.guarded.names;
  await writeFile(path(), text.replace(`no_such_role_${read}`, read));
  await until("all roles to be there", async () =>
    (await run.ops("/metrics")).body.includes('hallpass_provider_ready{provider="orders-postgres"} 1'),
  );
  expect(JSON.parse((await run.ops("/readyz")).body)).toEqual({ ready: true });
});
