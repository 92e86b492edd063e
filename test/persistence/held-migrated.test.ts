import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { migrate } from "../../src/persistence/database/migrate.ts";
import { createEmptyDatabase } from "../support/database.ts";

const log = { info: (): void => undefined };
const migrations = join(import.meta.dirname, "../../prisma/migrations");
const held = "20261130010000_held";

it("what requests gave before is told by their grants, once", async () => {
  const earlier = await mkdtemp(join(tmpdir(), "hallpass-migrations-"));
  for (const name of await readdir(migrations))
    if (name < held) await cp(join(migrations, name), join(earlier, name), { recursive: true });
  const database = await createEmptyDatabase();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    await migrate(database.url, { log, directory: earlier });
    await client.query(
      `insert into policies (hash, text) values ('p', 'version: 1');
       insert into people (id, key) values (1, sha256(''));
       insert into access_requests (id, number, status, source, requester_email, requester_name, requester_person, resource, role,
         duration_seconds, reason, policy_version, terms, planned, created_at, closed_at)
       select ('00000000-0000-7000-8000-00000000000' || n)::uuid, n, case n when 7 then 'denied' else 'approved' end, 'slack', '', '', 1,
              'orders-db', 'read', 60, '', 'p', case n when 6 then '{"extends": {}}' else '{}' end::jsonb, '[]', '2026-03-01T00:00Z',
              '2026-03-01T00:00Z'
       from generate_series(1, 7) n;
       insert into grants (id, request_id, status, provider, subject, target, duration_seconds, active_at, expires_at, revoked_at, revoke_reason)
       select gen_random_uuid(), ('00000000-0000-7000-8000-00000000000' || n)::uuid, status, 'p', 's', '{}', 60, since::timestamptz,
              since::timestamptz, until::timestamptz, reason
       from (values
         (1, 'active', '2026-03-02', null, null),
         (2, 'revoked', '2026-03-02', '2026-03-03', 'expired'), (2, 'revoked', '2026-03-01T01:00Z', '2026-03-05', 'returned'),
         (3, 'revoked', null, '2026-03-04', 'failed'),
         (4, 'revoked', null, '2026-03-04', 'failed'), (4, 'revoked', '2026-03-02', '2026-03-03', 'expired')
       ) as g(n, status, since, until, reason)`,
    );
    await migrate(database.url, { log });
    const { rows } = await client.query<{ row: string }>(
      `select concat_ws(' ', number, is_held, to_char(held_since at time zone 'UTC', 'DD HH24'), to_char(held_until at time zone 'UTC', 'DD')) as row
       from access_requests order by number`,
    );
    expect(rows.map(({ row }) => row)).toEqual([
      "1 t 02 00",
      "2 f 01 01 05",
      "3 f",
      "4 f 02 00 03",
      "5 t 01 00",
      "6 f",
      "7 f",
    ]);
  } finally {
    await client.end();
    await database.close();
    await rm(earlier, { recursive: true, force: true });
  }
});
