import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { effectDefinitions, effectKinds } from "../../src/domain/effect.ts";
import { migrate } from "../../src/persistence/database/migrate.ts";
import { createEmptyDatabase } from "../support/database.ts";

const log = { info: (): void => undefined };
const migrations = join(import.meta.dirname, "../../prisma/migrations");
const messages = "20261130220000_messages";

const requestId = "00000000-0000-7000-8000-000000000001";
const grantId = "00000000-0000-7000-8000-000000000002";
const surface = "slack";
const type = "request.denied";

/** Where each kind of effect is owed now, and where it was before there were surfaces. */
const lanes = effectKinds.map((kind) => {
  const { lane, queue } = effectDefinitions[kind];
  const now = lane({ requestId, grantId, surface });
  return { kind, queue, now, before: queue === "messages" ? now.slice(`${surface}-`.length) : now };
});

it("what is owed to people keeps its order in the lane of Slack and says who did it, and messages their places", async () => {
  const earlier = await mkdtemp(join(tmpdir(), "hallpass-migrations-"));
  for (const name of await readdir(migrations))
    if (name < messages) await cp(join(migrations, name), join(earlier, name), { recursive: true });
  const database = await createEmptyDatabase();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    await migrate(database.url, { log, directory: earlier });
    await client.query(
      `insert into policies (hash, text) values ('p', 'version: 1');
       insert into people (id, key) values (1, sha256(''));
       insert into access_requests (id, number, status, source, requester_email, requester_name, requester_person, resource, role,
         duration_seconds, reason, policy_version, terms, planned, created_at)
       values ('${requestId}', 1, 'pending', 'slack', '', '', 1, 'orders-db', 'read', 60, '', 'p', '{}', '[]', now());
       insert into slack_messages (request_id, kind, channel, ts, posted_at)
       values ('${requestId}', 'approval', 'C1', '1700000000.000100', '2026-03-01T00:00Z')`,
    );
    for (const done of [null, "2026-03-01T00:00Z"]) {
      for (const { kind, queue, before } of lanes)
        await client.query(
          `insert into effects (id, request_id, kind, queue, lane, payload, due_at, done_at)
           values (gen_random_uuid(), $1, $2, $3, $4, $5, now(), $6)`,
          [
            requestId,
            kind,
            queue,
            before,
            { event: { type, actor: { kind: "person", slackId: "UBOB" } } },
            done,
          ],
        );
    }
    await migrate(database.url, { log });
    const { rows: places } = await client.query(
      "select surface, kind, place, posted_at = '2026-03-01T00:00Z' as is_kept from messages",
    );
    expect(places).toEqual([
      { surface, kind: "approval", place: { channel: "C1", ts: "1700000000.000100" }, is_kept: true },
    ]);
    const { rows } = await client.query(
      "select kind, lane, payload, done_at is not null as done from effects order by seq",
    );
    const payload = { event: { type, actor: { kind: "person", account: "UBOB" } } };
    expect(rows).toEqual([
      ...lanes.map(({ kind, queue, now }) => ({
        kind,
        lane: now,
        payload: queue === "messages" ? { ...payload, surface } : payload,
        done: false,
      })),
      ...lanes.map(({ kind, before }) => ({
        kind,
        lane: before,
        payload: { event: { type, actor: { kind: "person", slackId: "UBOB" } } },
        done: true,
      })),
    ]);
  } finally {
    await client.end();
    await database.close();
    await rm(earlier, { recursive: true, force: true });
  }
});
