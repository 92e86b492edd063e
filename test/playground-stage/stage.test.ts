import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Stage, startStage } from "../../playground/stage/stage.ts";
import { guideSteps } from "../../playground/web/guide.ts";
import { isAlive } from "../../src/persistence/embedded/lock.ts";
import { addressUrl, readRecord, superuser } from "../../src/persistence/embedded/server.ts";
import { query } from "../support/embedded.ts";
import { until } from "./until.ts";

const oneMinute = 60_000;

describe("the stage", () => {
  const dataDir = mkdtempSync(join(tmpdir(), "hallpass-stage-"));
  // Under root its PostgreSQL runs as another user, who must be able to get here.
  chmodSync(dataDir, 0o755);
  let stage: Stage;

  beforeAll(async () => {
    stage = await startStage({ dataDir });
  }, 60_000);
  afterAll(async () => {
    await stage?.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const run = (person: string, sql: string): ReturnType<Stage["orders"]["run"]> =>
    stage.orders.run(person, sql);

  async function membersOf(role: string): Promise<readonly string[]> {
    return (await stage.orders.roles()).find((one) => one.role === role)?.members ?? [];
  }

  /** The steps of the guide that are done, from what the stage says happened. */
  async function ticked(): Promise<readonly string[]> {
    const { facts } = stage;
    const story = {
      events: await facts.events(),
      queriesThatWorked: facts.queriesThatWorked(),
      clockWasMoved: facts.clockWasMoved(),
    };
    return guideSteps(story, "C0ACCESSREQUESTS").flatMap(({ id, isDone }) => (isDone ? [id] : []));
  }

  async function ownDatabase(): Promise<string> {
    const record = await readRecord(join(dataDir, "postgres/data"));
    const password = readFileSync(join(dataDir, "postgres/password"), "utf8").trim();
    return addressUrl({ port: record?.port ?? 0, role: superuser, password });
  }

  /** Has somebody ask and, where it is not given at once, somebody approve; resolves when they are a member. */
  async function give(
    person: string,
    asked: string,
    approvers: readonly string[],
    channel: string,
  ): Promise<void> {
    const role = asked.includes("write") ? "orders_write" : "orders_read";
    const [first = ""] = approvers;
    const before = stage.slack.as(first).sees(channel).length;
    await stage.slack.as(person).types(`/request-access orders-db ${asked}`, { in: "#access-requests" });
    const message = await until(stage.slack, "the approval message", () =>
      stage.slack.as(first).sees(channel).at(before),
    );
    for (const approver of approvers) await stage.slack.as(approver).presses(message, "Approve");
    await until(stage.slack, `${person} to be a member`, async () =>
      (await membersOf(role)).includes(person),
    );
  }

  it.each(["alice", "bob", "carol", "dana", "erin"])("%s can log in, and reads nothing", async (person) => {
    expect(await run(person, "select current_user::text as me, null as nothing")).toEqual({
      kind: "rows",
      columns: ["me", "nothing"],
      rows: [[person, null]],
      isCut: false,
    });
    expect(await run(person, "select * from orders")).toEqual({
      kind: "error",
      text: "ERROR:  permission denied for table orders",
    });
    expect(await run(person, `grant orders_read to ${person}`)).toMatchObject({ kind: "error" });
    expect(stage.orders.loginUrl(person)).toMatch(
      new RegExp(`^postgresql://${person}@127\\.0\\.0\\.1:\\d+/orders$`),
    );
  });

  it.each(["greta", "sam", "dave", "nobody"])("%s has no login", async (person) => {
    expect(await run(person, "select 1")).toMatchObject({
      kind: "error",
      text: expect.stringMatching(/has no login/),
    });
    expect(stage.orders.loginUrl(person)).toBeNull();
  });

  it.each([
    ["nothing", " ", { kind: "done", text: "Nothing was run: there is no statement in it." }],
    ["only a comment", "-- hm", { kind: "done", text: expect.stringMatching(/^Nothing was run/) }],
    ["several statements", "select 1; values (2), (null)", { rows: [["2"], [null]] }],
    [
      "a wrong one among several",
      "select 1; selec 2",
      { kind: "error", text: expect.stringMatching(/^ERROR: {2}syntax error at/) },
    ],
    [
      "an open transaction",
      "begin; create temp table t ()",
      { kind: "done", text: expect.stringMatching(/^CREATE TABLE \(rolled back/) },
    ],
    ["the end of a transaction that never began", "commit", { kind: "done", text: "COMMIT" }],
    ["COPY to here", "copy (select 1) to stdout", { kind: "done", text: "COPY 1" }],
    [
      "COPY from here",
      "create temp table t (n int); copy t from stdin",
      { kind: "error", text: expect.stringMatching(/COPY from stdin/) },
    ],
    [
      "a command of psql's",
      "  \\d orders",
      { kind: "error", text: expect.stringMatching(/psql's own; expected SQL/) },
    ],
    ["a row without columns", "select", { kind: "rows", columns: [], rows: [[]] }],
    ["too many rows", "select generate_series(1, 201)", { kind: "rows", isCut: true }],
    ["as many rows as are shown", "select generate_series(1, 200)", { kind: "rows", isCut: false }],
    ["a NUL", "select 'a\0b'", { kind: "error", text: expect.stringMatching(/NUL/) }],
    [
      "too much",
      "select repeat('x', 34000000)",
      { kind: "error", text: expect.stringMatching(/more than 32 MB/) },
    ],
    [
      "its own end",
      "select pg_terminate_backend(pg_backend_pid())",
      { kind: "error", text: expect.stringMatching(/^FATAL: {2}/) },
    ],
    [
      "all that can be said of an error",
      "do $$ begin raise exception 'no' using detail = 'because', hint = 'try'; end $$",
      { kind: "error", text: "ERROR:  no\nDETAIL:  because\nHINT:  try" },
    ],
  ])("takes %s", async (_, sql, expected) => {
    expect(await run("alice", sql)).toMatchObject(expected);
  });

  it("asked, approved, read, and over when its time is", async () => {
    expect(await stage.clock.next()).toBeNull();
    expect(await ticked()).toEqual([]);
    await give("alice", "read 1h look at an order", ["bob"], "#access-requests");
    expect(stage.facts.queriesThatWorked()).toBe(0);
    expect(await run("alice", "select 'orders'")).toMatchObject({ kind: "rows" });
    expect(await run("bob", "select count(*) from orders")).toMatchObject({ kind: "error" });
    expect(await run("alice", "select count(*) from orders")).toMatchObject({ rows: [["60"]] });
    expect(await run("alice", "delete from orders")).toMatchObject({ kind: "error" });
    expect(stage.facts.queriesThatWorked()).toBe(1);
    expect(stage.facts.clockWasMoved()).toBe(false);

    const next = await until(stage.slack, "an end to come", () => stage.clock.next());
    expect(next.what).toMatch(/^Alice's access \(AR-\d+\) ends$/);
    expect(next.at - stage.clock.now()).toBeGreaterThan(59 * oneMinute);
    stage.clock.advance(next.at - stage.clock.now() + 1_000);
    await until(stage.slack, "the end", async () => (await membersOf("orders_read")).length === 0);
    expect(await run("alice", "select count(*) from orders")).toMatchObject({ kind: "error" });
    await until(stage.slack, "the thread to say so", () =>
      stage.slack.workspace
        .channels()
        .some(({ id }) => stage.slack.workspace.messages(id).some(({ text }) => text.includes("Revoked"))),
    );
    expect(stage.clock.aheadMs()).toBeGreaterThan(59 * oneMinute);
    expect(stage.facts.clockWasMoved()).toBe(true);
    expect(await stage.facts.events()).toEqual(
      expect.arrayContaining([
        { type: "request.created", actorEmail: "alice@example.com" },
        { type: "approval.given", actorEmail: "bob@example.com" },
        { type: "grant.revoked", actorEmail: null },
      ]),
    );
    expect(await ticked()).toEqual(["ask", "approve", "query", "expire"]);
    await stage.slack.as("dana").types("/access-audit export", { in: "#access-requests" });
    await until(stage.slack, "the guide to be done", async () => (await ticked()).includes("audit"));
    expect(() => stage.clock.advance(-1)).toThrow(/only goes forward/);
    expect(stage.slack.problems.list()).toEqual([]);
  });

  it("what nobody answers is next, too", async () => {
    await stage.slack.as("alice").types("/request-access orders-db write 30m nobody is there");
    const next = await until(stage.slack, "a request to wait", () => stage.clock.next());
    expect(next.what).toMatch(/^Alice's request \(AR-\d+\) expires unanswered$/);
    stage.clock.advance(next.at - stage.clock.now() + 1_000);
    await until(stage.slack, "nothing to wait for", async () => (await stage.clock.next()) === null);
  });

  it("with the network cut nothing is granted, and once it is mended it is", async () => {
    stage.setProviderDown(true);
    await stage.slack.as("erin").types("/request-access orders-db read 10m something is down");
    await until(stage.slack, "an attempt to fail", async () => {
      const tried = "select from effects where kind = 'grant' and done_at is null and last_error is not null";
      return (await query(await ownDatabase(), tried)).length === 1;
    });
    expect(await membersOf("orders_read")).toEqual([]);
    stage.setProviderDown(false);
    await until(stage.slack, "erin to be a member", async () => {
      stage.clock.advance(1_000);
      return (await membersOf("orders_read")).includes("erin");
    });
  });

  it("all of it survives a restart, and time does not go back", async () => {
    await give("alice", "write 1h a test order is in the way", ["carol", "dana"], "#orders-approvals");
    expect(await run("alice", "delete from orders where id = 1001")).toEqual({
      kind: "done",
      text: "DELETE 1",
    });
    const { workspace } = stage.slack;
    const lastTs = workspace.nextTs();
    const before = { ahead: stage.clock.aheadMs(), queries: stage.facts.queriesThatWorked() };
    const events = await stage.facts.events();
    await stage.close();
    // Until then Hallpass may still have had something to say.
    const messages = workspace.channels().map(({ id }) => workspace.messages(id));
    const record = await readRecord(join(dataDir, "postgres/data"));
    expect(record === undefined || !isAlive(record.pid)).toBe(true);

    stage = await startStage({ dataDir });
    const after = stage.slack.workspace;
    expect(after.channels().map(({ id }) => after.messages(id))).toEqual(messages);
    expect(after.nextTs() > lastTs).toBe(true);
    expect({ ahead: stage.clock.aheadMs(), queries: stage.facts.queriesThatWorked() }).toEqual(before);
    expect(stage.facts.clockWasMoved()).toBe(true);
    expect((await stage.facts.events()).slice(0, events.length)).toEqual(events);
    expect(await membersOf("orders_write")).toEqual(["alice"]);
    expect(await run("alice", "select count(*) from orders")).toMatchObject({ rows: [["59"]] });
    await give("bob", "read 1h after the restart", ["carol"], "#access-requests");
    expect((await stage.clock.next())?.at).toBeGreaterThan(stage.clock.now());
    expect(statSync(join(dataDir, "logins.json")).mode & 0o777).toBe(0o600);
  }, 60_000);
});
