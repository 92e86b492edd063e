import { once } from "node:events";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { createAuditPem } from "../support/audit-key.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { query } from "../support/embedded.ts";
import { spawnHallpass } from "./run-hallpass.ts";

const count = 200_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  await query(
    database.url,
    `insert into audit_events (id, at, type, actor_kind, resource, requester_email, data)
     select gen_random_uuid(), '2026-03-01', 'request.created', 'hallpass', 'orders-db', 'alice@example.com',
       jsonb_build_object('reason', repeat('r', 500))
     from generate_series(1, ${count})`,
  );
});
afterAll(() => database.close());

test("200,000 events pass through a memory that holds a fraction of them", async () => {
  const env = { DATABASE_URL: database.workUrl, HALLPASS_AUDIT_KEY: createAuditPem() };
  const child = spawnHallpass(["audit", "export", "--format", "jsonl", "--resource", "orders-db"], {
    env,
    nodeOptions: ["--max-old-space-size=64"],
  });
  const stderr = text(child.stderr);
  let bytes = 0;
  let lines = 0;
  for await (const chunk of child.stdout) {
    const { length } = z.instanceof(Uint8Array).parse(chunk);
    bytes += length;
    lines += String(chunk).split("\n").length - 1;
  }
  if (child.exitCode === null) await once(child, "exit");
  expect([child.exitCode, await stderr, lines]).toEqual([0, "", count + 1]);
  expect(bytes).toBeGreaterThan(2 * 64 * 1024 * 1024);
}, 120_000);
