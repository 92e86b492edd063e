import { decideRequest } from "../../src/access/requests/decide-request.ts";
import { extendAccess } from "../../src/access/requests/extend-access.ts";
import { endOpenRequest } from "../../src/access/lockdown/offboard.ts";
import { requestAccess } from "../../src/access/requests/request-access.ts";
import { byRequest, heldByRequest } from "../../src/audit/questions/held-by-request.ts";
import { heldIn } from "../../src/audit/questions/holdings.ts";
import { parseWhoQuestion, readWhatQuestion, readWhoQuestion } from "../../src/audit/questions/questions.ts";
import { withAuditReader } from "../../src/audit/questions/read-events.ts";
import { sealNow } from "../support/seal.ts";
import { whatDid } from "../../src/audit/questions/what-did.ts";
import { whoCould } from "../../src/audit/questions/who-could.ts";
import { wordWhat, wordWho } from "../../src/audit/questions/word-answers.ts";
import type { Caller } from "../../src/identity/caller.ts";
import { forgetPerson } from "../../src/persistence/personal/forget.ts";
import { readNow } from "../../src/persistence/requests/requests.ts";
import { hallpass } from "../cli/run-hallpass.ts";
import { type Office, openOffice } from "../support/access.ts";
import { alice, bob, carol } from "../support/build.ts";
import { policyWith } from "../support/rules.ts";

const erin: Caller = { email: "erin@example.com", name: "Erin", account: "UERIN" };
const minute = 60_000;

const rules = `
  - name: incidents take a lead
    requesters: [group:engineers]
    access: ["incident:respond"]
    decision: review
    approvals: [{ from: [group:leads] }]
    extend: { times: 1, by: 1h }
  - { name: on-call reads at once, requesters: [group:on-call], access: ["orders-db:read"], decision: allow }
  - name: writing takes a lead
    requesters: [group:engineers]
    access: ["orders-db:write"]
    decision: review
    approvals: [{ from: [group:leads] }]
`;

let office: Office;
/** Moments of the story below, by what had just happened. */
const times: Record<"before" | "granted" | "both" | "ended" | "after", Date> = {
  before: new Date(0),
  granted: new Date(0),
  both: new Date(0),
  ended: new Date(0),
  after: new Date(0),
};

async function all<T>(answers: AsyncIterable<T>): Promise<readonly T[]> {
  const collected: T[] = [];
  for await (const answer of answers) collected.push(answer);
  return collected;
}

const now = (): Promise<Date> => readNow(office.db, office.clock);

async function asks(requester: Caller, role: string, durationSeconds: number, reason: string) {
  const [resource = "", name = ""] = role.split(":");
  const asked = { requester, resource, role: name, durationSeconds, reason, source: "slack" } as const;
  const filed = await requestAccess(office, asked);
  return filed.outcome === "filed" ? filed.request.id : "";
}

const decides = (requestId: string, by: Caller, verdict: Parameters<typeof decideRequest>[1]["verdict"]) =>
  decideRequest(office, { requestId, by, verdict, key: `${requestId} ${by.email}` });

async function passes(minutes: number): Promise<Date> {
  await office.drain();
  office.clock.advance(minutes * minute);
  await office.drain();
  return now();
}

beforeAll(async () => {
  office = await openOffice({
    policy: (names) =>
      policyWith(rules)(names).replace(
        "resources:\n",
        `resources:
  incident:
    title: Incident response
    risk: low
    roles:
      respond: { title: All that it takes, bundle: ["orders-db:read", "orders-db:write"], max_duration: 6h }
`,
      ),
  });
  const held = new Set<string>();
  const named = (subject: string, target: unknown): string => `${subject} ${JSON.stringify(target)}`;
  Object.assign(office.provider, {
    grant: (subject: string, target: unknown) =>
      Promise.resolve(void held.add(named(subject, target))).then(() => ({ state: {} })),
    revoke: (subject: string, target: unknown) => {
      held.delete(named(subject, target));
      return Promise.resolve({ keptBy: [] });
    },
    holds: (subject: string, target: unknown) => Promise.resolve(held.has(named(subject, target))),
  });

  times.before = await now();
  office.clock.advance(minute);
  const incident = await asks(alice, "incident:respond", 3600, "INC-7 is\nburning");
  await decides(incident, bob, { type: "approve" });
  times.granted = await passes(10);
  const reading = await asks(erin, "orders-db:read", 7200, "on call");
  times.both = await passes(10);
  await asks(alice, "orders-db:write", 30 * 3600, "for ever");
  await decides(await asks(bob, "orders-db:write", 600, "a look"), carol, {
    type: "deny",
    reason: "not \u009B31mnow",
  });
  const longer = await extendAccess(office, { requestId: incident, by: alice, key: "extend" });
  if (!longer.asked || longer.answer.outcome !== "filed") throw new Error(JSON.stringify(longer));
  await decides(longer.answer.request.id, carol, { type: "approve" });
  await passes(10);
  await endOpenRequest(office, reading, "lockdown");
  times.ended = await passes(5);
  times.after = await passes(120);
});
afterAll(() => office?.close());

async function who(access: string, times_: { at?: string; between?: readonly string[] }) {
  const read = readWhoQuestion(access, times_, times.after);
  if (!read.ok) throw new Error(read.fault);
  return withAuditReader({ databaseUrl: office.workUrl }, (reader) => all(whoCould(reader, read.question)));
}

const holders = async (access: string, at: Date): Promise<readonly string[]> =>
  (await who(access, { at: at.toISOString() })).map((answer) =>
    answer.kind === "holder" ? `${answer.holder.person} ${answer.holder.access}` : "unreadable",
  );

test("at a moment those are named who had it then, by a bundle's parts and by its name", async () => {
  const parts = ["alice@example.com orders-db:read", "alice@example.com orders-db:write"];
  expect(await holders("orders-db:write", times.before)).toEqual([]);
  expect(await holders("orders-db:write", times.granted)).toEqual([parts[1]]);
  expect(await holders("orders-db:read", times.both)).toEqual([parts[0], "erin@example.com orders-db:read"]);
  expect((await holders("incident:respond", times.both)).toSorted()).toEqual(parts);
  expect((await holders("orders-db", times.ended)).toSorted()).toEqual(parts);
  expect(await holders("orders-db", times.after)).toEqual([]);
  expect(await holders("orders", times.both)).toEqual([]);
});

test("at any moment and in any span the answer is that of reading the whole log", async () => {
  await withAuditReader({ databaseUrl: office.workUrl }, async (reader) => {
    const log = reader.events({ sql: "e.request_id is not null", values: [], order: "request" });
    const everything = (await all(byRequest(log))).flatMap(heldByRequest);
    expect(everything).toHaveLength(3);
    const edges = everything.flatMap(({ mayFrom, to = mayFrom }) => [mayFrom, to]);
    const moments = [...edges, ...Object.values(times)].flatMap((edge) =>
      [-1, 0, 1].map((ms) => new Date(edge.getTime() + ms)),
    );
    for (const from of moments) {
      for (const until of [new Date(from.getTime() + 1), new Date(from.getTime() + 12 * minute)]) {
        const span = { from, until };
        const expected = everything.filter((held) => heldIn(held, span));
        const answered = await all(whoCould(reader, { resource: "orders-db", span, when: "" }));
        const found = answered.map((each) => (each.kind === "holder" ? each.holder.grantId : "unreadable"));
        expect(found.toSorted()).toEqual(expected.map(({ grantId }) => grantId).toSorted());
      }
    }
  });
});

test("it says from when to when, how it ended, and who let them", async () => {
  const [answer] = await who("orders-db:write", { at: times.granted.toISOString() });
  expect(answer && wordWho(answer)).toEqual([
    "alice@example.com: orders-db:write (of incident:respond) as alice in orders-postgres, by AR-1001",
    expect.stringMatching(/^from 2\S+Z to 2\S+Z: its time was over, proven gone, 35m\S* late$/),
    expect.stringMatching(/^approved by bob@example\.com, rule “incidents take a lead”, policy [0-9a-f]{8}$/),
    "extended by AR-1005, approved by carol@example.com",
  ]);
  const [, atOnce] = await who("orders-db:read", { at: times.both.toISOString() });
  expect(atOnce && wordWho(atOnce).slice(1)).toEqual([
    expect.stringMatching(/: lockdown, proven gone$/),
    expect.stringMatching(/^allowed without approval, rule “on-call reads at once”, policy /),
  ]);
});

test("what a person asked for, got, was refused and decided", async () => {
  const told = async (person: string): Promise<string> => {
    const read = readWhatQuestion(person, undefined, times.after);
    if (!read.ok) throw new Error(read.fault);
    const answers = await withAuditReader({ databaseUrl: office.workUrl }, (reader) =>
      all(whatDid(reader, read.question)),
    );
    return answers.flatMap(wordWhat).join("\n");
  };
  const ofAlice = await told("Alice@example.com");
  expect(ofAlice).toMatch(/asked for 1h: INC-7 is burning\n.* approved by bob@example\.com \(1 of 1\)\n/);
  expect(ofAlice).toMatch(/had orders-db:read \(of incident:respond\) as alice in orders-postgres from 2/);
  expect(ofAlice).toMatch(/AR-1003 orders-db:write.*\n.*asked for 1d6h: for ever; it was refused: /);
  expect(ofAlice).not.toContain("erin");
  const ofCarol = await told("carol@example.com");
  expect(ofCarol).toMatch(/AR-1004 orders-db:write: denied by carol@example\.com: not +31mnow$/m);
  expect(ofCarol).toMatch(/AR-1005 incident:respond: approved by carol@example\.com \(1 of 1\)$/m);
  expect(await told("nobody@example.com")).toBe("");
});

test("a span leaves out what was before and after", async () => {
  const read = readWhatQuestion("carol@example.com", ["1970-01-01", times.both.toISOString()], times.after);
  if (!read.ok) throw new Error(read.fault);
  const answers = await withAuditReader({ databaseUrl: office.workUrl }, (reader) =>
    all(whatDid(reader, read.question)),
  );
  expect(answers).toEqual([]);
});

test("the commands answer, say where in the chain each event stands, and are on record themselves", async () => {
  await sealNow(office.db);
  const run = (...words: readonly string[]) =>
    hallpass(["audit", ...words], { env: { DATABASE_URL: office.workUrl } });
  // The clock of the story is ahead of this machine's.
  const span = ["--between", times.before.toISOString(), new Date(Date.now() + 86_400_000).toISOString()];
  const [asked, whole, shown, json, unknown] = await Promise.all([
    run("who", "orders-db:write", ...span),
    run("what", "carol@example.com"),
    run("show", "AR-1001"),
    run("who", "orders-db:write", ...span, "--json"),
    run("show", "AR-7"),
  ]);
  expect([asked.code, asked.stderr]).toEqual([0, ""]);
  expect(asked.stdout).toMatch(
    /^Who could orders-db:write between .* and .*:\n\nalice@example\.com: orders-db:write \(of incident:respond\) as alice/,
  );
  expect(whole.stdout).toContain("AR-1005 incident:respond: approved by carol@example.com (1 of 1)");
  expect(shown.stdout).toMatch(
    /^AR-1001: incident:respond for alice@example\.com, rule “incidents take a lead”, policy /,
  );
  expect(shown.stdout).toMatch(/asked for 1h: INC-7 is burning \[place \d+\]\n/);
  expect(shown.stdout).toMatch(
    /orders-db:read: ended for alice in orders-postgres: its time was over, proven gone, 35m\S* late \[place \d+\]\n/,
  );
  expect(JSON.parse(json.stdout)).toMatchObject([
    { kind: "holder", holder: { person: "alice@example.com", certainty: "held", end: { verified: true } } },
  ]);
  expect([unknown.code, unknown.stdout, unknown.stderr]).toEqual([1, "", "There is no AR-7 in the audit.\n"]);
  expect((await office.events()).filter((type) => type === "audit.asked")).toHaveLength(5);
});

test("what never was is refused with what was probably meant, and asking twice makes nothing of it", async () => {
  const run = async (...words: readonly string[]) => {
    const env = { DATABASE_URL: office.url };
    const { code, stdout, stderr } = await hallpass(["audit", ...words], { env });
    return [code, stdout, stderr];
  };
  const refused = (why: RegExp) => [1, "", expect.stringMatching(why)];
  const ever = "^No policy and no event here ever";
  const cases: readonly (readonly [string, RegExp])[] = [
    [
      "who orders-bd:write",
      new RegExp(`${ever} had the resource “orders-bd”, did you mean “orders-db”\\?\n$`),
    ],
    [
      "who orders-db:wriet --json",
      new RegExp(`${ever} had the role of orders-db “wriet”, did you mean “write”\\?\n$`),
    ],
    ["who x", new RegExp(`${ever} had the resource “x”\\. Known are: ghost-db, incident, orders-db\\.\n$`)],
    [
      "what allice@example.com",
      new RegExp(`${ever} named “allice@example.com”, did you mean “alice@example.com”\\?`),
    ],
    ["what person-9999", new RegExp(`${ever} named “person-9999”`)],
    ["export --resource orders", new RegExp(`${ever} had the resource “orders”`)],
    ["export --user allice@example.com", new RegExp(`${ever} named “allice@example.com”`)],
    ["export --rule writing", new RegExp(`${ever} had the rule “writing”`)],
  ];
  for (const [words, why] of [...cases, ...cases.slice(3, 4)])
    expect([words, ...(await run(...words.split(" ")))]).toEqual([words, ...refused(why)]);
});

test("what only a policy or only events know was, and nobody is an answer about it", async () => {
  const run = (...words: readonly string[]) =>
    hallpass(["audit", ...words], { env: { DATABASE_URL: office.url } });
  // Named in the policy alone.
  expect(await run("who", "ghost-db:any", "--at", "1970-01-01")).toMatchObject({
    code: 0,
    stdout:
      "Nobody could use A role that does not exist · Nothing (ghost-db:any) on 1970-01-01 (UTC), as far as Hallpass gave it.\n",
  });
  expect(await run("what", "dana@example.com")).toMatchObject({
    code: 0,
    stdout: "The audit has nothing of dana@example.com (ever).\n",
  });
  await office.db.$executeRaw`
    insert into audit_events (id, at, type, actor_kind, resource, role, rule, requester_email, data)
    values (gen_random_uuid(), '2020-01-01', 'request.expired', 'hallpass', 'old-db', 'read', 'an old rule', 'Old@example.com', '{}')`;
  expect(await run("who", "old-db:read")).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Nobody could use old-db:read at /),
  });
  for (const [filter, value] of [
    ["resource", "old-db"],
    ["rule", "an old rule"],
    ["user", "old@example.com"],
  ])
    expect((await run("export", `--${filter}`, value ?? "")).stdout).toContain("request.expired");
});

test("who is erased reads so, also in questions", async () => {
  const forgotten = await forgetPerson(office.ownerUrl, erin.email);
  const person = forgotten.forgotten ? forgotten.person : 0;
  expect(await holders("orders-db:read", times.both)).toContain(`erased person ${person} orders-db:read`);
  const read = readWhatQuestion(`person-${person}`, undefined, times.after);
  if (!read.ok) throw new Error(read.fault);
  const answers = await withAuditReader({ databaseUrl: office.workUrl }, (reader) =>
    all(whatDid(reader, read.question)),
  );
  expect(answers).toMatchObject([{ kind: "asked", person: `erased person ${person}`, request: "AR-1002" }]);
});

test.each([
  ["", /^Expected RESOURCE or RESOURCE:ROLE such as orders-db:write, got “”/],
  ["orders-db:write when", /^Expected at TIME or between TIME and TIME after “orders-db:write”/],
  ["orders-db:write at", /^Expected at TIME/],
  ["orders-db:write at soon", /^at must be a duration back from now such as 30d/],
  ["orders-db:write at 2999-01-01", /^at must not be in the future, got “2999-01-01”/],
  ["orders-db:write between 2026-03-01", /^between takes two times/],
  ["orders-db:write between 2026-03-02 and 2026-03-01", /must be earlier/],
])("%j is answered with what was expected", (words, fault) => {
  const read = parseWhoQuestion(words.split(" "), new Date("2026-11-21T12:00:00Z"));
  expect(read.ok ? "" : read.fault).toMatch(fault);
});

test("a day is asked about as a whole, and a moment as a moment", () => {
  const spanOf = (words: string): unknown => {
    const read = parseWhoQuestion(words.split(" "), new Date("2026-11-21T12:00:00Z"));
    return read.ok ? read.question.span : read.fault;
  };
  const span = (from: string, until: string) => ({ from: new Date(from), until: new Date(until) });
  expect(spanOf("orders-db at 2026-03-03")).toEqual(span("2026-03-03", "2026-03-04"));
  expect(spanOf("orders-db at 2026-03-03T09:00Z")).toEqual(
    span("2026-03-03T09:00:00.000Z", "2026-03-03T09:00:00.001Z"),
  );
  expect(spanOf("orders-db between 2026-03-03 and 2026-03-04")).toEqual(span("2026-03-03", "2026-03-05"));
  expect(spanOf("orders-db")).toEqual(span("2026-11-21T12:00:00.000Z", "2026-11-21T12:00:00.001Z"));
});
