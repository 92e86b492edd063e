import { generateKeyPairSync } from "node:crypto";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { Client } from "pg";
import { decideRequest } from "../../src/access/requests/decide-request.ts";
import { requestAccess } from "../../src/access/requests/request-access.ts";
import { exportAudit } from "../../src/audit/export/export.ts";
import { lifeOfRequest } from "../../src/audit/questions/life-of-request.ts";
import { withAuditReader } from "../../src/audit/questions/read-events.ts";
import { sealNow } from "../support/seal.ts";
import { exportSealed, findSealed } from "../../src/audit/export/sealed-export.ts";
import { signingKeyFrom } from "../../src/audit/chain/signing-key.ts";
import { withSnapshot } from "../../src/audit/chain/snapshot.ts";
import type * as verifying from "../../src/audit/verify/verify.ts";
import { verifyChain } from "../../src/audit/verify/verify.ts";
import { type SealedVerification, verifySealed } from "../../src/audit/verify/verify-sealed.ts";
import { wordLife } from "../../src/audit/questions/word-answers.ts";
import { recordEvent } from "../../src/persistence/audit.ts";
import { openDatabase } from "../../src/persistence/database/database.ts";
import { forgetPerson } from "../../src/persistence/personal/forget.ts";
import { createKey, markOf, sealValue } from "../../src/persistence/personal/cipher.ts";
import { hallpass } from "../cli/run-hallpass.ts";
import { joinByHand } from "../../src/persistence/people/people-by-hand.ts";
import { type Office, openOffice } from "../support/access.ts";
import { alice, bob, carol } from "../support/build.ts";

type Verification = verifying.Verification;

// As it is built: threads are Node's own, which knows no TypeScript.
const built = pathToFileURL(resolve(import.meta.dirname, "../../dist/cli/verify.js")).href;
const byThreads: typeof verifying = await import(built);

const key = signingKeyFrom(
  generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  "test",
);

let office: Office;
let attacker: Client;

/** AR-1001 of Alice, which Bob approves, and AR-1002, which Carol denies; sealed. */
beforeEach(async () => {
  office = await openOffice();
  await office.approved();
  await denied("Ask dana@example.com first.");
  attacker = new Client({ connectionString: office.url });
  await attacker.connect();
  await seal();
  // With full rights: nothing refuses any more.
  await attacker.query("set session_replication_role = replica");
});
afterEach(async () => {
  await attacker.end();
  await office.close();
});

async function denied(reason: string): Promise<void> {
  const filed = await requestAccess(office, {
    requester: alice,
    resource: "orders-db",
    role: "read",
    durationSeconds: 3600,
    reason: "because",
    source: "slack",
  });
  if (filed.outcome !== "filed") throw new Error(JSON.stringify(filed));
  const { id } = filed.request;
  await decideRequest(office, { requestId: id, by: carol, verdict: { type: "deny", reason }, key: id });
}

async function seal(): Promise<void> {
  await sealNow(office.db);
}

function verify(threads = 1): Promise<Verification> {
  const { verifyChain: verifyIt } = threads === 1 ? { verifyChain } : byThreads;
  return verifyIt({ databaseUrl: office.url }, { keys: [key.publicKey], threads });
}

async function faults(): Promise<readonly string[]> {
  return (await verify()).faults;
}

function exported(): Promise<string> {
  return text(exportAudit({ databaseUrl: office.url, key }, { format: "jsonl" }).stream);
}

async function life(number: number): Promise<string> {
  return withAuditReader({ databaseUrl: office.url }, async (reader) =>
    wordLife(await lifeOfRequest(reader, number)).join("\n"),
  );
}

/** The number of whoever goes by an address, in SQL. */
const personOf = (address: string): string =>
  `(select person_id from person_names where kind = 'email' and name = ${address})`;
const bobId = personOf("'bob@example.com'");
const carolId = personOf("'carol@example.com'");

type Row = { readonly id: number; readonly person: number; readonly key: Buffer; readonly mark: Buffer };

async function rowOf(address: string, kind: string): Promise<Row> {
  const { rows } = await attacker.query<Row>(
    `select v.id, p.id as person, p.key, v.mark from people p join personal_values v on v.person_id = p.id
     where p.id = ${personOf("$1")} and v.kind = $2`,
    [address, kind],
  );
  const [row] = rows;
  if (!row) throw new Error(`no ${kind} of ${address}`);
  return row;
}

async function rewrite(id: number, mark: Buffer, ciphertext: Buffer): Promise<void> {
  await attacker.query("update personal_values set mark = $2, ciphertext = $3 where id = $1", [
    id,
    mark,
    ciphertext,
  ]);
}

const swapKeys = `
  update people p set key = o.key from people o
  where (p.id = ${bobId} and o.id = ${carolId}) or (p.id = ${carolId} and o.id = ${bobId})`;
const swapValues = `
  update personal_values set person_id = case person_id when ${bobId} then ${carolId} else ${bobId} end
  where person_id in (${bobId}, ${carolId})`;

/** What somebody does who has the keys too and has read the source; all make Mallory or Carol of Bob, who approved. */
const attacks: Readonly<Record<string, () => Promise<unknown>>> = {
  "a name written anew under its person's key": async () => {
    const { id, key: bobs, mark } = await rowOf(bob.email, "email");
    await rewrite(id, mark, sealValue(bobs, mark, "mallory@example.com"));
  },
  "a name written anew with its mark": async () => {
    const { id, key: bobs } = await rowOf(bob.email, "email");
    const mark = markOf(bobs, "email", "mallory@example.com");
    await rewrite(id, mark, sealValue(bobs, mark, "mallory@example.com"));
  },
  "all that somebody is called written anew under another key": async () => {
    const { person } = await rowOf(bob.email, "email");
    const other = createKey();
    await attacker.query("update people set key = $2 where id = $1", [person, other]);
    for (const kind of ["email", "slack_id", "name"]) {
      const { id, mark } = await rowOf(bob.email, kind);
      await rewrite(id, mark, sealValue(other, mark, `mallory ${kind}`));
    }
  },
  "names exchanged between rows": async () => {
    await attacker.query("drop index personal_values_person_id_mark_key");
    await attacker.query(
      `update personal_values v set (person_id, kind, mark, ciphertext) = (o.person_id, o.kind, o.mark, o.ciphertext)
       from personal_values o join people p on p.id = o.person_id, people w
       where w.id = v.person_id and w.id in (${bobId}, ${carolId})
         and p.id in (${bobId}, ${carolId}) and p.id <> w.id and o.kind = v.kind`,
    );
  },
  "two keys exchanged": () => attacker.query(swapKeys),
  "two people's rows exchanged, with all they are called": async () => {
    await attacker.query(swapKeys);
    await attacker.query(swapValues);
  },
  "what somebody is called given to another": () => attacker.query(swapValues),
};

test("finds nothing wrong with whom events name, which request they are of and under which policy", async () => {
  expect(await verify()).toMatchObject({ faults: [], unbound: { people: 0, number: 0 } });
});

test.each(Object.keys(attacks))("names the first event whose person was changed by %s", async (attack) => {
  await attacks[attack]?.();
  const found = await faults();
  expect(found[0]).toMatch(
    /^place \d+: approval\.given of .* is not about who it was about: row \d+ of personal_values/,
  );
  const lines = (await exported()).split("\n");
  const approval = lines.find((line) => line.includes("approval.given"));
  expect(approval).toContain('"actor":"unreadable: changed since it was sealed"');
  expect(approval).not.toMatch(/mallory|carol/);
  expect(await life(1001)).toContain("approved by unreadable: changed since it was sealed");
});

test.each([
  ["what somebody is called", `delete from personal_values where person_id = ${bobId}`, "was deleted"],
  ["a person", `delete from people where id = ${bobId}`, "was deleted from people"],
  [
    "a key, without an event that says so",
    `update people set key = null, erased_at = now() where id = ${bobId}`,
    "no event says that they were erased",
  ],
])(
  "names the first event whose person is not to be read, after somebody deleted %s",
  async (_, attack, words) => {
    await attacker.query(attack);
    const found = await faults();
    expect(found).toEqual([expect.stringMatching(new RegExp(`^place \\d+: approval\\.given of .*${words}`))]);
  },
);

test("names it once that nobody is left, as in a database that was restored without people", async () => {
  await attacker.query("delete from people");
  expect(await faults()).toEqual([
    expect.stringMatching(/^place \d+: .* is not about who it was about: nobody is left in people$/),
  ]);
});

test("names an event by somebody whom only a text within it mentions", async () => {
  await attacker.query(`delete from personal_values where person_id = ${personOf("'dana@example.com'")}`);
  expect(await faults()).toEqual([expect.stringMatching(/^place \d+: request\.denied of .*was deleted/)]);
});

test("nothing is wrong once somebody was erased on record, and nothing can be put in their place", async () => {
  const { person } = await rowOf(carol.email, "email");
  expect(await forgetPerson(office.url, carol.email)).toMatchObject({ forgotten: true, person });
  await seal();
  expect(await faults()).toEqual([]);
  await attacker.query("update people set key = $2, erased_at = null where id = $1", [person, createKey()]);
  await attacker.query(
    "insert into person_names (person_id, kind, name, since) values ($1, 'email', 'mallory@example.com', now())",
    [person],
  );
  expect(await faults()).toEqual([
    expect.stringMatching(new RegExp(`person ${person} is not what was sealed`)),
  ]);
  expect(await exported()).not.toContain("mallory");
});

test("names each request whose number was changed, and goes by the numbers that were sealed", async () => {
  const before = [await life(1001), await life(1002)];
  await attacker.query("drop index access_requests_number_key");
  await attacker.query("update access_requests set number = 2003 - number");
  expect(await faults()).toEqual(
    [1001, 1002].map((number) =>
      expect.stringMatching(
        new RegExp(
          `^place \\d+: AR-${number} is the number of the request .* there, and in access_requests it is AR-${2003 - number};`,
        ),
      ),
    ),
  );
  expect([await life(1001), await life(1002)]).toEqual(before);
  expect(await exported()).toMatch(/"type":"approval.given","request":"AR-1001"/);
});

test("names a policy whose text was changed or deleted", async () => {
  await attacker.query("update policies set text = replace(text, 'bob@', 'mallory@')");
  expect(await faults()).toEqual([
    expect.stringMatching(/^the policy text that is kept as [0-9a-f]{16}… has another SHA-256/),
  ]);
  await attacker.query("delete from policies");
  expect(await faults()).toEqual([
    expect.stringMatching(/^the text of the policy [0-9a-f]{16}… that was in force is not kept/),
  ]);
});

test("names two people who were made one, or taken apart, and no event says so", async () => {
  const { rows } = await attacker.query<{ id: number }>(
    `select id from people where id in (${bobId}, ${carolId}) order by id desc`,
  );
  const [later, earlier] = rows.map(({ id }) => id);
  await attacker.query("update people set joined_into = $1 where id = $2", [earlier, later]);
  expect(await faults()).toContainEqual(
    expect.stringMatching(
      /^person \d+ counts as person \d+, and no event says that they turned out to be one/,
    ),
  );
  await attacker.query("update people set joined_into = null where id = $1", [later]);
  expect(await faults()).toEqual([]);
  await joinByHand(office.db, office.clock, earlier ?? 0, later ?? 0);
  await seal();
  expect(await faults()).toEqual([]);
  await attacker.query("update people set joined_into = null where joined_into is not null");
  expect(await faults()).toContainEqual(
    expect.stringMatching(/^person \d+ turned out to be person \d+, and in people they are not/),
  );
});

test.each([
  ["address", bob.email, carol.email],
  ["account", bob.account, carol.account],
])("names whoever is found by another's %s", async (_, one, other) => {
  await attacker.query("drop index person_names_now");
  await attacker.query(
    "update person_names set name = case name when $1 then $2 else $1 end where name in ($1, $2)",
    [one, other],
  );
  expect(await faults()).toEqual(
    Array(2).fill(expect.stringMatching(/^person \d+ is found by what nobody calls them/)),
  );
});

test("names whoever is not found by their address", async () => {
  await attacker.query("delete from person_names where name = 'bob@example.com'");
  expect(await faults()).toContainEqual(
    expect.stringMatching(/^person \d+ is not found by what they are called; that was deleted/),
  );
});

test("finds with several threads what one finds, and names a person once", async () => {
  await attacker.query(swapKeys);
  const alone = await verify(1);
  expect(alone.faults).toHaveLength(2);
  expect(await verify(3)).toEqual(alone);
});

/** An event of AR-1001 as they were before names and numbers were bound. */
async function insertOlder(): Promise<number> {
  const { id } = await rowOf(bob.email, "email");
  await attacker.query("alter table audit_events drop constraint if exists audit_events_bound");
  await attacker.query(
    `insert into audit_events (id, at, type, request_id, actor_kind, actor_email, data)
     select gen_random_uuid(), now(), 'request.reminded', r.id, 'person', $1, '{"asks": []}' from access_requests r where r.number = 1001`,
    [`\uFDD0i${id}\uFDD1`],
  );
  return id;
}

const unbound = { people: 1, number: 1 };

test("takes no older event among those that bind what they say, by any number of threads or without the database", async () => {
  await insertOlder();
  await seal();
  const named = /^place 8: request\.reminded of .* has no marks of whom it names, .* it was inserted$/;
  const alone = await verify(1);
  expect(alone).toMatchObject({ unbound, faults: [expect.stringMatching(named)] });
  expect(await verify(4)).toEqual(alone);
  expect(await verifySealedExport()).toMatchObject({ unbound, faults: [expect.stringMatching(named)] });
});

test("accepts older events before them, and says of what nothing is proven", async () => {
  const id = await insertOlder();
  await attacker.query("truncate audit_chain");
  await attacker.query("update audit_events set seq = seq + 100 where type <> 'request.reminded'");
  await seal();
  expect(await verify()).toMatchObject({ unbound, faults: [] });
  expect(await verifySealedExport()).toMatchObject({ unbound, faults: [] });
  expect((await life(1001)).split("\n").filter((line) => line.includes("not proven"))).toEqual([
    expect.stringMatching(/reminded: nobody \[place 1, not proven: whom it names and the AR number\]$/),
  ]);
  const told = await hallpass(["audit", "verify"], { env: { DATABASE_URL: office.url } });
  expect([told.code, told.stdout]).toEqual([
    0,
    expect.stringContaining(
      "Of 1 older event the chain does not prove whom they name. Of 1 older event the chain does not prove which AR number their request has.",
    ),
  ]);
  await attacker.query("delete from personal_values where id = $1", [id]);
  expect((await faults())[0]).toMatch(/^place 1: request\.reminded of .* was deleted/);
});

test("tells without the database that a key was exchanged while events were written", async () => {
  await attacker.query(swapKeys);
  const { mark, key: carols, id } = await rowOf(bob.email, "email");
  // What Hallpass meets then it takes for what it knows, and marks it with the key that is there.
  await rewrite(id, markOf(carols, "email", bob.email), sealValue(carols, mark, bob.email));
  const another = openDatabase(office.url);
  await recordEvent(another.prisma, {
    type: "lockdown.lifted",
    at: new Date(),
    actor: { kind: "person", email: bob.email },
    data: { kind: "resource", value: "orders-db" },
  });
  await another.close();
  await seal();
  expect((await verifySealedExport()).faults).toEqual([
    expect.stringMatching(
      /^place 8: lockdown\.lifted of .* has another mark of row \d+ of personal_values than place \d/,
    ),
  ]);
});

async function verifySealedExport(): Promise<SealedVerification> {
  return withSnapshot({ databaseUrl: office.url, name: "test" }, async (client) => {
    const range = await findSealed(client, {});
    if ("fault" in range) throw new Error(range.fault);
    const { stream } = exportSealed(client, range, key);
    return verifySealed(stream, { keys: [key.publicKey], checkpoints: [] });
  });
}
