import { randomBytes } from "node:crypto";
import { Client, escapeIdentifier, escapeLiteral } from "pg";
import { postgres, type PostgresTarget } from "../../../src/providers/postgres/index.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import { testServer } from "../../servers/ask.ts";
import { inDatabase } from "../../servers/postgres.ts";
import { serverUrl } from "../../support/database.ts";
import { startProxy } from "../../support/proxy.ts";
import { startSilentServer } from "../contract/silent-server.ts";
import type { Another, Lacks, ProviderUnderTest, Session } from "../contract/under-test.ts";
import { end, openRoles, type Rights, type Roles, rolesOn } from "./roles.ts";

type Version = "15" | "18";

export function lacksOf(version: Version, rights: Rights): Lacks {
  return {
    limits: "PostgreSQL does not say when to come back",
    showsLater: "what PostgreSQL has committed, the next statement shows",
    ...(rights === "superuser" && { hides: "nothing is hidden from a superuser" }),
    ...(rights === "superuser" && { tellsGiversApart: "what superusers give is the first one's gift" }),
    ...(version === "15" && { tellsGiversApart: "before PostgreSQL 16 a membership is there once" }),
  };
}

/** People and roles on a server, in a database of their own. */
export async function openPostgres(
  version: Version,
  rights: Rights,
): Promise<ProviderUnderTest<PostgresTarget>> {
  const roles = await openRoles(version, rights);
  const { admin, prefix, hallpass, connectAs } = roles;
  const { subject, bystander, target, otherTarget } = await populate(roles);
  const people = [subject, bystander];

  await admin.query(`CREATE DATABASE ${prefix}`);
  const here = new Client({ connectionString: inDatabase(roles.url, prefix) });
  here.on("error", () => undefined);
  await here.connect();
  const [password, wrong] = [secret(), secret()];
  await admin.query(`ALTER ROLE ${hallpass} PASSWORD ${escapeLiteral(password)}`);
  if (rights === "limited") {
    const seeing = ["pg_read_all_stats", ...(version === "15" ? [] : ["pg_use_reserved_connections"])];
    await admin.query(`GRANT ${seeing.join(", ")} TO ${hallpass}`);
  }
  const urlOf = (role: string, word: string): string =>
    Object.assign(new URL(inDatabase(roles.url, prefix)), {
      username: role,
      password: encodeURIComponent(word),
    }).href;

  const dba = await roles.person("dba");
  const [boss, group, forgotten] = [
    await roles.person("boss", "SUPERUSER"),
    await roles.person("group"),
    await roles.create("forgotten"),
  ];
  const mute = await roles.person("mute", "IN ROLE pg_signal_backend");
  const tame = await roles.person("tame");
  const both = [target, otherTarget].map(({ role }) => role).join(", ");
  await admin.query(`GRANT ${both} TO ${dba}, ${tame} WITH ADMIN OPTION`);
  await admin.query(`GRANT ${both} TO ${boss}, ${group}; GRANT ${group} TO ${tame}`);
  const awkward = await createAwkward(roles);
  people.push(...awkward.map((each) => each.subject));

  const [blocker, giver] = [await connectAs(boss), await connectAs(rights === "superuser" ? boss : dba)];
  let [isBlocked, isIgnored] = [false, false];
  const proxy = await startProxy(urlOf(hallpass, password), ({ chunk, from }) => {
    if (from === "answer") return;
    // What it asks once it has waited a second for somebody's lock.
    if (isBlocked && chunk.includes("pg_blocking_pids")) {
      isBlocked = false;
      blocker.query("ROLLBACK").catch(() => undefined);
    }
    // As if the server was lost before anything kept it: the standby that takes over has never heard of it.
    const at = isIgnored ? chunk.indexOf("COMMIT") : -1;
    if (at >= 0) chunk.write("ABORT ", at);
    if (at >= 0) isIgnored = false;
  });

  const made = new Set<Provider<PostgresTarget>>();
  const create = (url = proxy.url): Provider<PostgresTarget> => {
    const provider = postgres.create({ url });
    made.add(provider);
    return provider;
  };
  const lesser = (role: string, word = "pw") => asAnother(create(urlOf(role, word)));
  const opened = new Set<Client>();
  const renamed = new Map<string, string>();
  const rename = async (name: string): Promise<string> => {
    const { rows } = await admin.query<{ oid: string }>("SELECT $1::regrole::oid::text AS oid", [name]);
    renamed.set(rows[0]?.oid ?? "", name);
    await admin.query(`ALTER ROLE ${name} RENAME TO ${name}_since`);
    return `${name}_since`;
  };
  const open = async (name: string, { role }: PostgresTarget): Promise<Client> => {
    const client = await connectAs(name);
    opened.add(client);
    await client.query(`SET ROLE ${role}`);
    return client;
  };
  let newcomers = 0;

  return {
    provider: create(),
    create: () => create(),
    subject,
    bystander,
    stranger: `${prefix}_nobody`,
    target,
    otherTarget,
    spellings: [],
    noNames: ["ali\0ce", "a".repeat(64), "ü".repeat(32)],
    secrets: [password, wrong].flatMap((word) => [word, encodeURIComponent(word)]),
    look: (name, { role }) => canUse(roles, name, role),
    async clear() {
      [isBlocked, isIgnored] = [false, false];
      await blocker.query("ROLLBACK");
      await Promise.all([...opened].map((client) => client.end()));
      opened.clear();
      await here.query("GRANT SELECT ON pg_catalog.pg_auth_members TO PUBLIC");
      for (const [oid, name] of renamed) {
        const { rows } = await admin.query<{ name: string }>(
          "SELECT rolname AS name FROM pg_roles WHERE oid = $1",
          [oid],
        );
        for (const now of rows) await admin.query(`ALTER ROLE ${now.name} RENAME TO ${name}`);
      }
      renamed.clear();
      await takeAll(roles, people);
    },
    async otherSystem() {
      const url = version === "15" ? serverUrl() : (await testServer("another-postgres")).url;
      const others = await rolesOn(url ?? "", "18", rights, () => Promise.resolve(), prefix);
      await populate(others);
      return {
        provider: others.provider,
        look: (name, { role }) => canUse(others, name, role),
        close: () => closeAll(others),
      };
    },
    unreachable: () =>
      create(Object.assign(new URL(urlOf(hallpass, password)), { host: "127.0.0.1:1" }).href),
    async close() {
      await Promise.all([...made].map((provider) => provider.close()));
      await Promise.all([here, blocker, giver, ...opened].map((client) => client.end()));
      await proxy.close();
      await admin.query(`DROP DATABASE ${prefix} WITH (FORCE)`);
      await closeAll(roles);
    },

    async silent() {
      const server = await startSilentServer();
      const provider = create(
        Object.assign(new URL(urlOf(hallpass, password)), { host: `127.0.0.1:${server.port}` }).href,
      );
      return {
        provider,
        async close() {
          server.close();
          await provider.close();
        },
      };
    },
    async openSession(name, held): Promise<Session> {
      const client = await open(name, held);
      return {
        use: async () => {
          await client.query(`SET ROLE ${held.role}`);
        },
        ended: end(client),
        close: () => client.end(),
      };
    },
    // It stays: use is what sessions show that are there.
    async use(name, used) {
      await open(name, used);
    },
    others: {
      give: async (name, { role }) => {
        await giver.query(`GRANT ${role} TO ${name}`);
      },
      take: async (name, { role }) => {
        await giver.query(`REVOKE ${role} FROM ${name}`);
      },
    },
    ...(version === "18" && rights === "limited" && { tellsGiversApart: true }),
    renameSubject: rename,
    renameTarget: async ({ role }) => ({ role: await rename(role) }),
    async newcomer() {
      newcomers += 1;
      const name = await roles.person(`newcomer_${newcomers}`);
      return {
        subject: name,
        leave: async () => {
          await admin.query(`DROP ROLE ${name}`);
        },
      };
    },
    awkward,
    refused: [
      { subject: boss, target, words: /granted nothing: it is a superuser/u },
      { subject: group, target, words: /granted nothing: it is a role that others have theirs through/u },
      { subject: hallpass, target, words: /granted nothing: Hallpass connects as it/u },
      { subject: "pg_monitor", target, words: /granted nothing: it is one of PostgreSQL's own roles/u },
      { subject, target: { role: subject }, words: /is that role itself/u },
      { subject, target: { role: `${prefix}_lost` }, words: /does not exist/u },
      { subject, target: { role: boss }, words: /it is a superuser; .*say dangerous: true/u },
      ...(rights === "limited"
        ? [{ subject, target: { role: forgotten }, words: /may not grant .*; run: GRANT/u }]
        : []),
    ],
    kept: [
      { subject: dba, target, words: /ADMIN OPTION/u },
      { subject: boss, target, words: /it is a superuser/u },
      { subject: group, target, words: /others have theirs through/u },
      { subject: hallpass, target, words: /Hallpass connects as it/u },
    ],
    withoutRights: () =>
      Promise.resolve([
        { ...lesser(mute), lacks: "ADMIN OPTION", words: /may not grant .*; run: GRANT/u },
        { ...lesser(tame), lacks: "pg_signal_backend", words: /run: GRANT pg_signal_backend TO/u },
        { ...lesser(hallpass, wrong), lacks: "its password", words: /password authentication failed/u },
      ]),
    async restart() {
      await proxy.cut();
      await admin.query("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = $1", [
        hallpass,
      ]);
      await proxy.restore();
    },
    async counted() {
      const own = await rolesOn(roles.url, version, rights, () => Promise.resolve());
      return {
        provider: own.connect(),
        async connections() {
          const { rows } = await admin.query("SELECT FROM pg_stat_activity WHERE usename = $1", [
            own.hallpass,
          ]);
          return rows.length;
        },
        close: () => closeAll(own),
      };
    },
    async conflicts() {
      const { role } = target;
      await blocker.query(`BEGIN; REVOKE ${role} FROM ${subject}; GRANT ${role} TO ${subject}`);
      isBlocked = true;
    },
    breaksOff() {
      proxy
        .holdAt("pg_auth_members", "answer")
        .then(() => proxy.restore())
        .catch(() => undefined);
    },
    ...(rights === "limited" && {
      async hides() {
        await here.query("REVOKE SELECT ON pg_catalog.pg_auth_members FROM PUBLIC");
      },
    }),
    ignores() {
      isIgnored = true;
    },
  };
}

/** Hard to guess, and to write in a URL. */
function secret(): string {
  return `${randomBytes(9).toString("hex")}/@%:é`;
}

/** Whom and what rules are about, on this server or another. */
async function populate(
  roles: Roles,
): Promise<Record<"subject" | "bystander", string> & Record<"target" | "otherTarget", PostgresTarget>> {
  return {
    subject: await roles.person("alice"),
    bystander: await roles.person("bob"),
    target: { role: await roles.target("readers") },
    otherTarget: { role: await roles.target("writers") },
  };
}

async function createAwkward(
  roles: Roles,
): Promise<readonly { readonly subject: string; readonly target: PostgresTarget }[]> {
  const names = [
    [`o'brien"; DROP ROLE x; --`, `"" \\" $1 %I`],
    ["Größe 🚪", " two  words "],
    ["x".repeat(63 - roles.prefix.length - 1), "SELECT"],
  ] as const;
  const made: { subject: string; target: PostgresTarget }[] = [];
  for (const [person, role] of names)
    made.push({ subject: await roles.person(person), target: { role: await roles.target(role) } });
  return made;
}

/** Without the provider's help, and of nobody who is unknown. */
async function canUse({ admin }: Roles, name: string, role: string): Promise<boolean> {
  const { rows } = await admin.query<{ can: boolean }>(
    `SELECT pg_has_role(member.oid, held.oid, 'USAGE') AS can FROM pg_roles member, pg_roles held
      WHERE member.rolname = $1 AND held.rolname = $2`,
    [name, role],
  );
  return rows[0]?.can ?? false;
}

/** Takes from people all that they are members of, whoever gave it. */
async function takeAll({ admin, version }: Roles, people: readonly string[]): Promise<void> {
  const { rows } = await admin.query<Record<"role" | "member" | "by", string>>(
    `SELECT held.rolname AS role, member.rolname AS member, by.rolname AS by
       FROM pg_auth_members m JOIN pg_roles by ON by.oid = m.grantor
       JOIN pg_roles member ON member.oid = m.member JOIN pg_roles held ON held.oid = m.roleid
      WHERE member.rolname = ANY ($1)`,
    [people],
  );
  for (const { role, member, by } of rows) {
    const revoke = `REVOKE ${escapeIdentifier(role)} FROM ${escapeIdentifier(member)}`;
    await admin.query(version === "15" ? revoke : `${revoke} GRANTED BY ${escapeIdentifier(by)}`);
  }
}

function asAnother(provider: Provider<PostgresTarget>): Another<PostgresTarget> {
  return { provider, close: () => provider.close() };
}

async function closeAll(roles: Roles): Promise<void> {
  await roles.dropAll();
  await roles.close();
}
