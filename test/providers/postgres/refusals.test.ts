import type { Provider } from "../../../src/providers/provider.ts";
import type { PostgresTarget } from "../../../src/providers/postgres/index.ts";
import { describeAsEach, openRoles, type Roles, versionHere } from "./roles.ts";

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

  test("a name that is none is refused, and prepares nothing", async () => {
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    for (const name of ["", "alice\0bob", "ü".repeat(32)]) {
      const words = {
        message: expect.stringMatching(/^expected the name of a PostgreSQL role/u),
        retryable: false,
      };
      await expect(provider.prepare(name, { role: target })).rejects.toMatchObject(words);
      await expect(provider.prepare(alice, { role: name })).rejects.toMatchObject(words);
    }
  });

  test("who is unknown is refused for good", async () => {
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    for (const [subject, role, lost] of [
      [`${roles.prefix}_bob`, target, `${roles.prefix}_bob`],
      [alice, `${roles.prefix}_lost`, `${roles.prefix}_lost`],
      ["public", target, "public"],
    ] as const) {
      await expect(provider.prepare(subject, { role })).rejects.toMatchObject({
        message: `role "${lost}" does not exist`,
        retryable: false,
      });
    }
  });

  test.each([
    ["a superuser", "LOGIN SUPERUSER", "superuser"],
    ["whoever may create roles", "LOGIN CREATEROLE", "create roles"],
    ["what replicates", "LOGIN REPLICATION", "replicate"],
    ["what bypasses row security", "LOGIN BYPASSRLS", "bypass row security"],
    ["a role that cannot log in", "NOLOGIN", "others have theirs through"],
  ])("%s is granted nothing", async (_, options, why) => {
    const [subject, target] = [await roles.create("subject", options), await roles.target("target")];
    await expect(provider.prepare(subject, { role: target })).rejects.toMatchObject({
      message: expect.stringMatching(new RegExp(`^"${subject}" is granted nothing: .*${why}`, "u")),
      retryable: false,
    });
    await roles.admin.query(`GRANT ${target} TO ${subject}`);
    expect(await provider.mustKeep?.(subject, { role: target })).toContain(why);
  });

  test("a login that has members, PostgreSQL's own roles and whom Hallpass connects as are granted nothing", async () => {
    const target = await roles.target("target");
    const [group, member] = [await roles.person("group"), await roles.person("member")];
    await roles.admin.query(`GRANT ${group} TO ${member}`);
    const because = (why: string) => ({ message: expect.stringContaining(why), retryable: false });
    await expect(provider.prepare(group, { role: target })).rejects.toMatchObject(
      because("others have theirs through"),
    );
    await expect(provider.prepare("pg_monitor", { role: target })).rejects.toMatchObject(
      because("PostgreSQL's own"),
    );
    await expect(provider.prepare(roles.hallpass, { role: target })).rejects.toMatchObject(
      because("Hallpass connects as it"),
    );
    await roles.admin.query(`REVOKE ${group} FROM ${member}; GRANT ${group} TO ${roles.hallpass}`);
    await expect(provider.prepare(group, { role: target })).rejects.toMatchObject(because("by way of it"));
  });

  test.each([
    ["a superuser", "SUPERUSER", "is a superuser"],
    ["what may create roles", "CREATEROLE", "may create roles"],
    ["what bypasses row security", "BYPASSRLS", "bypasses row security"],
  ])("%s is granted only where the policy says that it is meant", async (_, options, why) => {
    const alice = await roles.person("alice");
    const [danger, target] = [await roles.create("danger", options), await roles.target("target")];
    await roles.admin.query(`GRANT ${danger} TO ${target}`);
    await expect(provider.prepare(alice, { role: target })).rejects.toMatchObject({
      message: expect.stringMatching(
        new RegExp(`it leads to "${danger}", .*; where that is meant, say dangerous: true`, "u"),
      ),
      retryable: false,
    });
    await expect(provider.prepare(alice, { role: danger })).rejects.toMatchObject({
      message: expect.stringContaining(`it ${why}`),
    });
    const { state } = await provider.prepare(alice, { role: target, dangerous: true });
    await provider.grant(alice, { role: target, dangerous: true }, until, state);
    expect(await roles.isMember(alice, target)).toBe(true);
  });

  test.each(["pg_execute_server_program", "pg_read_server_files", "pg_write_server_files"])(
    "a role that leads to %s is dangerous",
    async (name) => {
      const [alice, target] = [await roles.person("alice"), await roles.target("target")];
      const team = await roles.create("team");
      await roles.admin.query(`GRANT ${name} TO ${team}; GRANT ${team} TO ${target}`);
      await expect(provider.prepare(alice, { role: target })).rejects.toMatchObject({
        message: expect.stringContaining(`it leads to "${name}", which reaches the server's own files`),
      });
    },
  );
});
