import { hash as sha256 } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { parsePolicy } from "../../src/policy/language/load.ts";
import { joinTexts } from "../../src/policy/language/policy-text.ts";
import { providerTypes } from "../../src/providers/registry.ts";
import { createDatabase } from "../support/database.ts";
import { startPagerDuty } from "../support/on-call.ts";
import { startSlack } from "../support/slack.ts";
import { emptyFolder, hallpass } from "./run-hallpass.ts";

describe("a policy with all there is", () => {
  let folder: string;
  const text = `version: 1
settings: { timezone: Europe/London, channel: "#access", alerts: "#alerts" }
groups:
  engineers: { slack: "@engineers" }
  on-call: { pagerduty: PABC123 }
  leads: { members: [bob@example.com, carol@example.com] }
  security: { members: [dana@example.com] }
providers: { pg: { type: postgres, url: "\${URL}" } }
resources:
  db: { provider: pg, roles: { read: { grant: { role: r } }, write: { grant: { role: w } } } }
conflicts:
  - { name: four eyes, between: ["db:read", "db:write"] }
rules:
  - name: weekend freeze
    requesters: [everyone]
    access: ["db:write"]
    hours: { days: sat-sun }
    decision: deny
    message: Nothing is written at weekends.
  - name: on call
    requesters: [group:on-call]
    access: ["db:read"]
    decision: allow
  - name: machines
    requesters: [alice@example.com]
    access: ["db:read"]
    from_ip: [10.0.0.0/8]
    decision: allow
  - name: writing
    requesters: [group:engineers]
    access: ["db:write"]
    requires: { reason: { min_length: 20 }, ticket: { matches: "^INC-" } }
    decision: review
    approvals:
      - { from: [group:leads], count: 2 }
      - { from: [group:security], notify: none }
    escalate: { after: 30m, to: [group:on-call] }
    remind_every: 15m
    start_within: 1h
    max_duration: 4h
    extend: { times: 1, by: 1h }
    revoke_on_idle: 30m
    break_glass: { by: [alice@example.com], review_by: [group:security], within: 24h }
`;
  beforeEach(async () => {
    folder = await emptyFolder();
    await writeFile(join(folder, "hallpass.yml"), text);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const monday = ["--at", "2026-11-23 10:00"];
  const whole = ["--reason", "the orders are stuck again", "--ticket", "INC-7"];
  const explainHere = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    hallpass(["policy", "explain", "--as", "alice@example.com", ...args], { cwd: folder, env });

  test("says what approval takes, and who would be told what when", async () => {
    const groups = ["--group", "engineers=alice@example.com", "--group", "on-call=erin@example.com"];
    const { stdout } = await explainHere(["db:write", ...monday, ...whole, ...groups]);
    expect(stdout).toContain("In group:engineers: alice@example.com, as told.\n");
    expect(stdout.slice(stdout.indexOf("Verdict"))).toBe(`Verdict: to be approved.
  2 of bob@example.com, carol@example.com (group:leads, without who asks)
  then 1 of dana@example.com (group:security, without who asks)
  Asked in #access, pinging who may decide, then nobody; reminded every 15m; expires unanswered after 1d.
  Unanswered for 30m, these may decide too: erin@example.com (group:on-call, without who asks)
  Once approved, it has to be started within 1h.
  May be taken at once and reviewed afterwards (--break-glass).
  At most 4h, extended at most once by 1h; ends when not used for 30m.
`);
  });

  test("says all that is missing, and what the answer is once it is there", async () => {
    const { stdout } = await explainHere(["db:write", ...monday, "--group", "engineers=alice@example.com"]);
    expect(stdout).toContain(
      'Verdict: refused.\n  The person is told: The reason is expected to have at least 20 characters (rule "writing"). The rule "writing" takes a ticket such as ^INC-; you gave none.\nOnce that is mended: to be approved.\n  2 of bob@example.com, carol@example.com',
    );
    expect(stdout).toContain("these may decide too: whoever is in group:on-call\n");
  });

  test("tells break-glass and who reviews it", async () => {
    const engineers = ["--group", "engineers=alice@example.com"];
    const { stdout } = await explainHere(["db:write", "--break-glass", ...monday, ...whole, ...engineers]);
    expect(stdout).toContain(
      "Verdict: allowed at once, and reviewed afterwards.\n  Reviewed within 1d by dana@example.com (group:security, without who asks)\n  Told in #access and #alerts.\n",
    );
  });

  test("takes time as the clocks of the policy show it, or as it says itself", async () => {
    const denied = "Verdict: refused.\n  The person is told: Nothing is written at weekends.\n";
    // Midnight of Monday in London is still Sunday in UTC, in summer.
    expect((await explainHere(["db:write", "--at", "2026-06-07 23:59"])).stdout).toContain(denied);
    expect((await explainHere(["db:write", "--at", "2026-06-08 00:00"])).stdout).not.toContain(denied);
    expect((await explainHere(["db:write", "--at", "2026-06-07T23:00Z"])).stdout).not.toContain(denied);
    expect((await explainHere(["db:write", "--at", "2026-06-07T23:59+01:00"])).stdout).toContain(denied);
    // The first of the two, as everywhere.
    expect((await explainHere(["db:write", "--at", "2026-10-25 01:30"])).stdout).toContain("01:30 BST");
  });

  test("an address makes it a request by the API", async () => {
    const erin = ["--group", "on-call=erin@example.com"];
    const { stdout } = await explainHere(["db:read", ...monday, "--ip", "10.1.2.3", ...erin]);
    expect(stdout).toContain("  yes  machines        decides: allow\n");
    const slack = await explainHere(["db:read", ...monday, ...erin]);
    expect(slack.stdout).toContain("  no   machines        only from 10.0.0.0/8\n");
  });

  test("roles held already are told of, and count", async () => {
    const args = ["db:read", ...monday, "--ip", "10.1.2.3", "--group", "on-call=", "--holds", "db:write"];
    const { stdout } = await explainHere(args);
    expect(stdout).toContain("taken to hold db:write");
    expect(stdout).toContain(
      "The person is told: Nobody may hold db:read and db:write together (four eyes).",
    );
  });

  test("a group that is not known leaves the answer in doubt, and says how to tell it", async () => {
    const { code, stdout } = await explainHere(["db:write", ...monday, ...whole]);
    expect(code).toBe(0);
    expect(stdout).toContain(
      "  ?    writing         review, but it cannot be found out whether it matches, so the answer is no: who is in group:engineers (SLACK_BOT_TOKEN is not set; --group engineers=EMAIL,EMAIL tells)\n",
    );
    expect(stdout).toContain('Verdict: refused.\n  The person is told: Whether the rule "writing" is about');
  });

  test("an allow in doubt leaves a later allow no say", async () => {
    const { stdout } = await explainHere(["db:read", ...monday, "--ip", "10.1.2.3"]);
    expect(stdout).toContain("  ?    on call         allow, but it cannot be found out whether it matches: ");
    expect(stdout).toContain(
      "  yes  machines        allow, but an earlier rule is in doubt, so the answer is no\n",
    );
    expect(stdout).toContain("Verdict: refused.");
  });

  test("PagerDuty is asked who is on call now, and not about another time", async () => {
    const pagerDuty = await startPagerDuty();
    try {
      pagerDuty.put("PABC123", { onCall: [{ email: "alice@example.com" }] });
      const env = { PAGERDUTY_API_TOKEN: pagerDuty.token, PAGERDUTY_API_URL: pagerDuty.url };
      const now = await explainHere(["db:read"], env);
      expect(now.stdout).toContain("In group:on-call: alice@example.com, as PagerDuty says now.\n");
      expect(now.stdout).toContain("  yes  on call         decides: allow\n");
      const asked = pagerDuty.requests().length;
      const then = await explainHere(["db:read", ...monday], env);
      expect(then.stdout).toContain("schedules say who is on call now only");
      expect(pagerDuty.requests()).toHaveLength(asked);
    } finally {
      await pagerDuty.close();
    }
  });

  test("Slack is asked who is in its user groups, whatever the time", async () => {
    const slack = await startSlack();
    try {
      const env = { SLACK_BOT_TOKEN: slack.tokens.bot, SLACK_API_URL: slack.apiUrl };
      const { stdout, stderr } = await explainHere(["db:write", ...monday, ...whole], env);
      expect(stderr).toBe("");
      expect(stdout).toMatch(/^In group:engineers: alice@example\.com, .*, as Slack says now\.$/m);
      expect(stdout).toContain("Verdict: to be approved.");
    } finally {
      await slack.close();
    }
  });

  test("replays a policy of several files that was in force, by the beginning of its hash", async () => {
    const database = await createDatabase();
    const client = new Client({ connectionString: database.url });
    await client.connect();
    try {
      const [head = "", rules = ""] = text.split(/(?=^rules:)/mu);
      const stored = joinTexts([
        { name: "a.yml", text: head },
        { name: "b.yml", text: rules },
      ]);
      const parsed = parsePolicy(
        [
          { name: "a.yml", text: head },
          { name: "b.yml", text: rules },
        ],
        { providerTypes },
      );
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
      const { hash } = parsed.policy;
      await client.query("insert into policies (hash, text) values ($1, $2)", [hash, stored]);
      const env = { DATABASE_URL: database.workUrl };
      await writeFile(join(folder, "hallpass.yml"), "version: 3\n");

      const args = ["db:write", ...monday, ...whole, "--group", "engineers=alice@example.com"];
      const replayed = await explainHere([...args, "--version", hash.slice(0, 8)], env);
      expect([replayed.code, replayed.stderr]).toEqual([0, ""]);
      expect(replayed.stdout).toContain(
        "Verdict: to be approved.\n  2 of bob@example.com, carol@example.com",
      );

      // What is refused as a slip today was in force all the same.
      const slip = text.replace("hours: { days: sat-sun }", `when: 'request.source == "gigantic"'`);
      expect(parsePolicy([{ name: "hallpass.yml", text: slip }], { providerTypes })).toMatchObject({
        ok: false,
        faults: [{ message: expect.stringContaining("gigantic") }],
      });
      await client.query("insert into policies (hash, text) values ($1, $2)", [sha256("sha256", slip), slip]);
      const once = await explainHere([...args, "--version", sha256("sha256", slip)], env);
      expect([once.code, once.stderr]).toEqual([0, ""]);
      expect(once.stdout).toContain("Verdict: to be approved.");

      const unknown = await explainHere([...args, "--version", "0123456789"], env);
      expect([unknown.code, unknown.stderr]).toEqual([
        1,
        "--version: no policy was in force here whose hash begins with 0123456789\n",
      ]);

      await client.query(
        "set session_replication_role = replica; update policies set text = replace(text, 'bob@', 'mallory@')",
      );
      const changed = await explainHere([...args, "--version", hash.slice(0, 8)], env);
      expect([changed.code, changed.stdout, changed.stderr]).toEqual([
        1,
        "",
        `--version: the text that is kept as ${hash} has another SHA-256; it was changed since it was in force, and decides nothing\n`,
      ]);
    } finally {
      await client.end();
      await database.close();
    }
  });
});
