import { Client } from "pg";
import { describeIf } from "../../support/describe-if.ts";
import { startOwnServer, type OwnServer } from "./own-server.ts";
import { end, postgres15, rolesOn, type Roles } from "./roles.ts";

const until = new Date(Date.now() + 3_600_000);

// Only Debian's has pg_basebackup.
describeIf(postgres15.url !== undefined, postgres15.missing)("on PostgreSQL 15 with a standby", () => {
  let roles: Roles;
  let standby: OwnServer;
  let onStandby: Client;

  beforeAll(async () => {
    const server = await startOwnServer("15");
    standby = await server.startStandby();
    roles = await rolesOn(server.url, "15", "limited", server.stop);
    onStandby = new Client({ connectionString: standby.url });
    onStandby.on("error", () => undefined);
    // What is committed can be seen on the standby.
    await roles.admin.query("ALTER SYSTEM SET synchronous_standby_names = '*'");
    await roles.admin.query("ALTER SYSTEM SET synchronous_commit = remote_apply");
    await roles.admin.query("SELECT pg_reload_conf()");
    await onStandby.connect();
  }, 60_000);

  afterEach(() => roles.dropAll());

  afterAll(async () => {
    await onStandby.end();
    await roles.admin.query("ALTER SYSTEM RESET ALL");
    await roles.admin.query("SELECT pg_reload_conf()");
    await roles.close();
  });

  const replica = (): string =>
    Object.assign(new URL(standby.url), { username: roles.hallpass, password: "pw" }).href;

  test("sessions on a replica end, too, once it knows that the membership is gone", async () => {
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    const provider = roles.connect({ replicas: [replica()] });
    expect(await provider.check([{ role: target }])).not.toContainEqual(expect.stringContaining("replica"));
    const { state } = await provider.prepare(alice, { role: target });
    const { state: granted } = await provider.grant(alice, { role: target }, until, state);
    const session = await roles.connectAs(alice, standby.url);
    await session.query(`SET ROLE ${target}`);
    const ended = end(session);
    await roles.admin.query("SET synchronous_commit = local");
    await onStandby.query("SELECT pg_wal_replay_pause()");
    const asLimited = roles.connect({ replicas: [replica()], url: withOption(roles.urlAs(roles.hallpass)) });
    await expect(asLimited.revoke(alice, { role: target }, granted)).rejects.toMatchObject({
      message: expect.stringMatching(
        /^sessions of ".*_alice" on 127\.0\.0\.1:\d+ may be open still: it has not caught up/u,
      ),
      retryable: true,
    });
    expect((await session.query("SELECT current_user::text AS name")).rows).toEqual([{ name: target }]);
    await onStandby.query("SELECT pg_wal_replay_resume()");
    await asLimited.revoke(alice, { role: target }, granted);
    await ended;
    await roles.admin.query("RESET synchronous_commit");
  });

  test("a replica that is not there is a warning, and its sessions are not called ended", async () => {
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    const provider = roles.connect({ replicas: ["postgresql://u:a-secret@127.0.0.1:1/x"] });
    expect(await provider.check([{ role: target }])).toContainEqual(
      expect.stringMatching(
        /^sessions on a replica would stay open: PostgreSQL at 127\.0\.0\.1:1 can't be reached/u,
      ),
    );
    const { state } = await provider.prepare(alice, { role: target });
    const { state: granted } = await provider.grant(alice, { role: target }, until, state);
    await expect(provider.revoke(alice, { role: target }, granted)).rejects.toMatchObject({
      retryable: true,
    });
    expect(await roles.rows(alice, target)).toEqual([]);
  });

  test("what is no replica of this server is refused, and so is a standby as the server", async () => {
    const target = await roles.target("target");
    await expect(
      roles.connect({ replicas: [roles.urlAs(roles.hallpass)] }).check([{ role: target }]),
    ).rejects.toMatchObject({
      message: expect.stringContaining("is no replica, but takes changes of its own"),
      retryable: false,
    });
    await expect(roles.connect({ url: replica() }).check([{ role: target }])).rejects.toMatchObject({
      message: "this is a read-only standby; expected the primary server",
      retryable: true,
    });
  });
});

/** Commits without waiting for the standby. */
function withOption(url: string): string {
  const withIt = new URL(url);
  withIt.searchParams.set("options", "-c synchronous_commit=local");
  return withIt.href;
}
