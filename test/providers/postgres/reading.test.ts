import type { Provider } from "../../../src/providers/provider.ts";
import type { PostgresTarget } from "../../../src/providers/postgres/index.ts";
import { describeAsEach, end, openRoles, type Roles, versionHere } from "./roles.ts";

const until = new Date(Date.now() + 3_600_000);

describeAsEach((rights) => {
  let roles: Roles;
  let provider: Provider<PostgresTarget>;

  beforeAll(async () => {
    roles = await openRoles(versionHere, rights);
    provider = roles.provider;
  });

  afterEach(() => roles.dropAll());

  afterAll(() => roles.close());

  const give = async (subject: string, role: string) => {
    const { state } = await provider.prepare(subject, { role });
    return (await provider.grant(subject, { role }, until, state)).state;
  };

  test("the holders of a role are its direct members, but for whom we connect as to grant it", async () => {
    const [alice, bob, target] = [
      await roles.person("alice"),
      await roles.person("bob"),
      await roles.target("target"),
    ];
    const team = await roles.create("team");
    await roles.admin.query(
      `GRANT ${target} TO ${team}; GRANT ${team} TO ${alice}; GRANT ${target} TO ${bob}`,
    );
    const holders = await provider.holders?.({ role: target });
    expect(holders?.map(({ subject }) => subject)).toEqual([bob, team]);
    const { subjectId } = await provider.prepare(bob, { role: target });
    expect(holders?.[0]?.subjectId).toBe(subjectId);
    // It may have another name by now.
    const lost = provider.holders?.({ role: `${roles.prefix}_lost` });
    await expect(lost).rejects.toThrow("does not exist");
    await roles.admin.query(`GRANT ${target} TO ${bob} WITH ADMIN OPTION`);
    expect(await provider.mustKeep?.(bob, { role: target })).toContain("ADMIN OPTION");
    expect(await provider.mustKeep?.(alice, { role: target })).toBeUndefined();
  });

  test("use is what the subject's sessions show: now while one runs something, then since when it is idle", async () => {
    // Of others' sessions one sees that with pg_read_all_stats.
    if (rights === "limited") await roles.admin.query(`GRANT pg_read_all_stats TO ${roles.hallpass}`);
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    const state = await give(alice, target);
    expect(await provider.lastUsed?.(alice, { role: target }, state)).toBeUndefined();
    const session = await roles.connectAs(alice);
    const ended = end(session);
    await roles.admin.query(
      `ALTER ROLE ${alice} RENAME TO ${alice}_new; ALTER ROLE ${alice}_new RENAME TO ${alice}`,
    );
    const opened = await provider.lastUsed?.(alice, { role: target }, state);
    expect(Date.now() - (opened?.getTime() ?? 0)).toBeLessThan(10_000);
    const running = session.query("select pg_sleep(30)");
    running.catch(() => undefined);
    let used: Date | undefined;
    do used = await provider.lastUsed?.(alice, { role: target }, state);
    while (used === undefined || used <= (opened ?? used));
    await provider.revoke(alice, { role: target }, state);
    await ended;
  });
});
