import { fileURLToPath } from "node:url";
import { hallpass } from "./run-hallpass.ts";

const example = fileURLToPath(new URL("../../hallpass.example.yml", import.meta.url));
const explain = (...args: readonly string[]) => hallpass(["policy", "explain", "--file", example, ...args]);

test("says of each rule why it does or does not match, then who can approve", async () => {
  const asked = ["--as", "alice@example.com", "orders-db:write", "--for", "2h", "--at", "2026-11-21 03:00"];
  const { code, stdout } = await explain(...asked);
  expect([code, stdout]).toEqual([
    0,
    `alice@example.com asks for orders-db:write for 2h.
It is Sat 2026-11-21 03:00 GMT (Europe/London).

  no   on-call reads at once        is about orders-db:read; not among group:on-call
  no   reading orders takes a lead  is about orders-db:read
  yes  writing orders takes a lead  decides: review

Verdict: to be approved.
  1 of bob@example.com, carol@example.com (group:orders-leads, without who asks)
  Asked in #orders-approvals, pinging who may decide; expires unanswered after 2h.
  At most 4h.
`,
  ]);
});

test("says which rule comes first where two match", async () => {
  const { stdout } = await explain("--as", "Erin@example.com", "orders-db:read");
  expect(stdout).toContain("  yes  on-call reads at once        decides: allow\n");
  expect(stdout).toContain("  yes  reading orders takes a lead  review, but an earlier rule decides\n");
  expect(stdout).toContain(
    "Verdict: allowed at once, nobody is asked.\n  Told in #access-requests.\n  At most 8h.\n",
  );
});

test.each([
  [["--as", "dana@example.com", "orders-db:read"], "No rule lets you ask for orders-db:read."],
  [
    ["--as", "alice@example.com", "orders-db:write", "--for", "5h"],
    "At most 4h is allowed for orders-db:write; you asked for 5h.",
  ],
  [
    ["--as", "alice@example.com", "order-db:read"],
    'There is no resource "order-db" (did you mean orders-db?)',
  ],
])("%j is refused as the person would be", async (args, said) => {
  const { code, stdout } = await explain(...args);
  expect(code).toBe(0);
  expect(stdout).toContain(`Verdict: refused.\n  The person is told: ${said}`);
});

test.each([
  [
    ["--as", "alice@example.com", "orders-db"],
    'expected RESOURCE:ROLE, such as orders-db:read, got "orders-db"',
  ],
  [["--as", "alice", "orders-db:read"], '--as: expected an e-mail address, got "alice"'],
  [
    ["--as", "alice@example.com", "orders-db:read", "--for", "soon"],
    '--for: expected a duration such as 30m, 2h or 1h30m, got "soon"',
  ],
  [["orders-db:read"], "required option '--as <EMAIL>' not specified"],
  [
    ["--as", "alice@example.com", "orders-db:read", "--at", "tomorrow"],
    '--at: expected a time such as "2026-11-21 03:00"',
  ],
  [
    ["--as", "alice@example.com", "orders-db:read", "--at", "2026-03-29 01:30"],
    "--at: expected a time that clocks in Europe/London show: on this day they skip it",
  ],
  [
    ["--as", "alice@example.com", "orders-db:read", "--group", "on-cal=erin@example.com"],
    '--group: unknown group "on-cal", did you mean "on-call"?',
  ],
  [
    ["--as", "alice@example.com", "orders-db:read", "--group", "on-call=erin@example.com"],
    "--group: who is in group:on-call stands in the policy; change it there",
  ],
  [
    ["--as", "alice@example.com", "orders-db:read", "--version", "abc"],
    "--version and --file name two policies; give one of them",
  ],
])("%j is a slip, and said to be", async (args, said) => {
  const { code, stderr } = await explain(...args);
  expect(code).toBe(1);
  expect(stderr).toContain(said);
});
