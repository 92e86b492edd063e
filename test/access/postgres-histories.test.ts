import fc from "fast-check";
import { endAccess } from "../../src/access/requests/end-access.ts";
import { lookForDrift } from "../../src/access/drift/look-for-drift.ts";
import { requestAccess } from "../../src/access/requests/request-access.ts";
import { postgres } from "../../src/providers/postgres/index.ts";
import { type LiveProvider, openProvider } from "../../src/providers/open.ts";
import { readNow } from "../../src/persistence/requests/requests.ts";
import { startOwnServer } from "../providers/postgres/own-server.ts";
import { openRoles, rolesOn, type Roles } from "../providers/postgres/roles.ts";
import { type Office, openOffice } from "../support/access.ts";

const people = ["alice", "bob"] as const;
const roleNames = ["read", "write"] as const;
const providers = ["orders-postgres", "same-postgres"] as const;
type Who = (typeof people)[number];
type What = (typeof roleNames)[number];

type Step =
  | {
      readonly do: "ask";
      readonly who: Who;
      readonly what: What;
      readonly by: (typeof providers)[number];
      readonly minutes: number;
    }
  | { readonly do: "give back"; readonly which: number }
  | { readonly do: "pass"; readonly minutes: number }
  /** By whoever administers the server: what Hallpass gave is taken by hand, or somebody else gives or takes the same. */
  | { readonly do: "take ours" | "give too" | "take theirs"; readonly who: Who; readonly what: What }
  /** Named otherwise, or as before. */
  | { readonly do: "rename"; readonly name: Who | What }
  /** Another server answers where the providers lead, or the first one again. */
  | { readonly do: "swap" }
  /** For drift. */
  | { readonly do: "look" };

const who = fc.constantFrom(...people);
const what = fc.constantFrom(...roleNames);
const Steps = fc.array(
  fc.oneof(
    {
      arbitrary: fc.record({
        do: fc.constant("ask" as const),
        who,
        what,
        by: fc.constantFrom(...providers),
        minutes: fc.constantFrom(5, 10, 30),
      }),
      weight: 5,
    },
    { arbitrary: fc.record({ do: fc.constant("give back" as const), which: fc.nat(3) }), weight: 2 },
    {
      arbitrary: fc.record({ do: fc.constant("pass" as const), minutes: fc.constantFrom(1, 6, 12, 31) }),
      weight: 4,
    },
    {
      arbitrary: fc.record({
        do: fc.constantFrom("take ours" as const, "give too" as const, "take theirs" as const),
        who,
        what,
      }),
      weight: 5,
    },
    {
      arbitrary: fc.record({
        do: fc.constant("rename" as const),
        name: fc.constantFrom(...people, ...roleNames),
      }),
      weight: 2,
    },
    { arbitrary: fc.constant<Step>({ do: "swap" }), weight: 1 },
    { arbitrary: fc.constant<Step>({ do: "look" }), weight: 3 },
  ),
  { minLength: 4, maxLength: 14 },
);

/** Chance seldom has it. */
const takenByHand: Step[] = [
  { do: "ask", who: "alice", what: "write", by: "orders-postgres", minutes: 30 },
  { do: "take ours", who: "alice", what: "write" },
  { do: "give too", who: "bob", what: "read" },
  { do: "look" },
];

let office: Office;
let roles: Roles;
let elsewhere: Roles;
/** What looks for drift have found in all histories. */
const lookedAt = new Set<string>();

beforeAll(async () => {
  roles = await openRoles("18", "limited");
  const another = await startOwnServer("18");
  elsewhere = await rolesOn(another.url, "18", "limited", another.stop);
  const { prefix } = roles;
  office = await openOffice({
    policy: () => `
version: 1
settings: { channel: "#access" }
people: {${people.map((name) => ` ${name}@example.com: {${providers.map((each) => ` ${each}: ${prefix}_${name}`).join(",")} }`).join(",")} }
providers: {${providers.map((name) => ` ${name}: { type: postgres, url: "\${URL}" }`).join(",")} }
resources:
${providers.map((name) => `  ${name}: { provider: ${name}, roles: {${roleNames.map((role) => ` ${role}: { grant: { role: ${prefix}_${role} } }`).join(",")} } }`).join("\n")}
rules:
  - { name: all, requesters: [everyone], access: ["*:*"], decision: allow }
`,
  });
});
afterAll(async () => {
  await office?.close();
  await roles?.close();
  await elsewhere?.close();
});

/** Lives a history on a real server, and looks after each step whether what it holds is what should be. */
async function live(steps: readonly Step[]): Promise<void> {
  const { admin, prefix } = roles;
  const nameOf = new Map<string, string>(
    [...people, ...roleNames].map((name) => [name, `${prefix}_${name}`]),
  );
  const called = (name: string): string => nameOf.get(name) ?? name;
  for (const name of people) await roles.person(name);
  for (const name of roleNames) await roles.target(name);
  const other = await roles.create("other");
  for (const name of roleNames) await admin.query(`GRANT ${called(name)} TO ${other} WITH ADMIN OPTION`);
  const { rows: oids } = await admin.query<{ oid: string; name: string }>(
    "SELECT oid::text, rolname AS name FROM pg_roles WHERE rolname LIKE $1",
    [`${prefix}\\_%`],
  );
  const idOf = (name: string): string => oids.find((row) => row.name === `${prefix}_${name}`)?.oid ?? "";

  /** What others gave, by member and role. */
  const theirs = new Set<string>();
  const asked: string[] = [];
  let isSwapped = false;
  let seenEvents = (
    await office.db.auditEvent.findMany({ where: { type: "grant.revoked" }, select: { id: true } })
  ).length;

  const lead = async (to: Roles): Promise<void> => {
    for (const name of providers) {
      await office.providers.get(name)?.close();
      const provider: LiveProvider = openProvider(
        name,
        postgres,
        { url: to.urlAs(to.hallpass) },
        () => undefined,
      );
      office.providers.set(name, provider);
    }
  };
  await lead(roles);

  const rowsBy = async (grantor: string): Promise<ReadonlySet<string>> => {
    const { rows } = await admin.query<{ key: string }>(
      `SELECT m.member || ' ' || m.roleid AS key FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.grantor
        WHERE g.rolname = $1 AND m.member::text = ANY ($2)`,
      [grantor, people.map(idOf)],
    );
    return new Set(rows.map(({ key }) => key));
  };
  const keyOf = (step: { readonly who: Who; readonly what: What }): string =>
    `${idOf(step.who)} ${idOf(step.what)}`;

  async function check(): Promise<void> {
    const [ours, others] = [await rowsBy(roles.hallpass), await rowsBy(other)];
    expect(others).toEqual(theirs);
    const grants = (await Promise.all(asked.map((id) => office.state(id)))).flatMap((state) => state.grants);
    const open = new Set(
      grants.flatMap(({ status, ids }) =>
        status !== "revoked" && ids ? [`${ids.subjectId} ${ids.targetId}`] : [],
      ),
    );
    for (const key of ours) expect(open).toContain(key);
    // What is said to be gone is not there by any hand, unless another grant gives it.
    const events = await office.db.auditEvent.findMany({
      where: { type: "grant.revoked" },
      orderBy: { seq: "asc" },
    });
    for (const { data, grantId } of events.slice(seenEvents)) {
      const grant = grants.find(({ id }) => id === grantId);
      const key = grant?.ids ? `${grant.ids.subjectId} ${grant.ids.targetId}` : "";
      const isVerified = JSON.stringify(data).includes('"verified":true');
      if (isVerified && !open.has(key)) expect([key, ours.has(key) || others.has(key)]).toEqual([key, false]);
    }
    seenEvents = events.length;
    expect(office.faults).toEqual([]);
  }

  /** What was reported as unknown was never ours, and what counts as vanished is gone. */
  async function checkDrift(since: Date): Promise<void> {
    const [ours, others] = [await rowsBy(roles.hallpass), await rowsBy(other)];
    const findings = await office.db.driftFinding.findMany({
      where: { kind: "unknown", resolvedAt: null, lastSeenAt: { gte: since } },
    });
    for (const { subject, target } of findings) {
      const member = people.find((name) => called(name) === subject);
      const role = roleNames.find((name) => JSON.stringify(target).includes(`"${called(name)}"`));
      if (!member || !role) continue;
      const key = keyOf({ who: member, what: role });
      expect([key, others.has(key), ours.has(key)]).toEqual([key, true, false]);
      lookedAt.add("unknown");
    }
    for (const id of asked) {
      for (const { ids, vanishedAt } of (await office.state(id)).grants) {
        const key = ids ? `${ids.subjectId} ${ids.targetId}` : "";
        if (vanishedAt) expect([key, ours.has(key) || others.has(key)]).toEqual([key, false]);
        if (vanishedAt) lookedAt.add("vanished");
      }
    }
  }

  for (const step of steps) {
    switch (step.do) {
      case "ask": {
        const filed = await requestAccess(office, {
          requester: { email: `${step.who}@example.com`, name: step.who },
          resource: step.by,
          role: step.what,
          durationSeconds: step.minutes * 60,
          reason: `because ${asked.length}`,
          source: "slack",
        });
        if (filed.outcome !== "filed") throw new Error(JSON.stringify(filed));
        asked.push(filed.request.id);
        break;
      }
      case "give back": {
        const requestId = asked[step.which % Math.max(1, asked.length)];
        if (requestId === undefined) break;
        const { email, name } = (await office.state(requestId)).request.requester;
        await endAccess(office, { requestId, by: { email, name }, key: `${requestId} ${seenEvents}` });
        break;
      }
      case "pass":
        office.clock.advance(step.minutes * 60_000);
        break;
      case "take ours":
        await admin.query(
          `REVOKE ${called(step.what)} FROM ${called(step.who)} GRANTED BY ${roles.hallpass}`,
        );
        break;
      case "give too":
        await admin.query(`GRANT ${called(step.what)} TO ${called(step.who)} GRANTED BY ${other}`);
        theirs.add(keyOf(step));
        break;
      case "take theirs":
        await admin.query(`REVOKE ${called(step.what)} FROM ${called(step.who)} GRANTED BY ${other}`);
        theirs.delete(keyOf(step));
        break;
      case "rename": {
        const [from, usual] = [called(step.name), `${prefix}_${step.name}`];
        const to = from === usual ? `${usual}_renamed` : usual;
        await admin.query(`ALTER ROLE ${from} RENAME TO ${to}`);
        nameOf.set(step.name, to);
        break;
      }
      case "look":
        office.clock.advance(11 * 60_000);
        break;
      case "swap":
        isSwapped = !isSwapped;
        await lead(isSwapped ? elsewhere : roles);
        break;
    }
    await office.drain();
    if (step.do === "look") {
      const since = await readNow(office.db, office.clock);
      await lookForDrift({
        ...office,
        tell: () => Promise.resolve(),
        // A role that is called otherwise now.
        onTrouble: () => undefined,
        signal: new AbortController().signal,
      });
      await checkDrift(since);
      await office.drain();
    }
    await check();
  }

  if (isSwapped) await lead(roles);
  for (let hour = 0; hour < 3; hour += 1) {
    office.clock.advance(3_600_000);
    await office.drain();
  }
  await check();
  expect(await rowsBy(roles.hallpass)).toEqual(new Set());
  for (const id of asked)
    for (const grant of (await office.state(id)).grants) expect([id, grant.status]).toEqual([id, "revoked"]);
  for (const name of nameOf.keys()) {
    if (called(name) !== `${prefix}_${name}`)
      await admin.query(`ALTER ROLE ${called(name)} RENAME TO ${prefix}_${name}`);
  }
}

test("whatever administrators do meanwhile, ours is taken by its ids, theirs stays, and what is said is true", async () => {
  await fc.assert(
    fc.asyncProperty(Steps, async (steps) => {
      try {
        await live(steps);
      } finally {
        for (const name of [...people, ...roleNames])
          await roles.admin
            .query(`ALTER ROLE ${roles.prefix}_${name}_renamed RENAME TO ${roles.prefix}_${name}`)
            .catch(() => undefined);
        await roles.dropAll();
      }
    }),
    { numRuns: 40, seed: 20261129, endOnFailure: true, examples: [[takenByHand]] },
  );
  // Or it has tried nothing.
  const events = await office.db.auditEvent.findMany({ select: { type: true, data: true } });
  const said = new Set(events.map(({ type }) => type));
  for (const type of ["grant.active", "grant.failed", "grant.revoked", "revocation.failed"])
    expect(said).toContain(type);
  expect(lookedAt).toEqual(new Set(["unknown", "vanished"]));
  const left = JSON.stringify(events.flatMap(({ type, data }) => (type === "grant.revoked" ? [data] : [])));
  for (const words of ['"others":"', '"keptBy":"AR-', '"standing":true', '"neverAsked":true'])
    expect(left).toContain(words);
}, 600_000);
