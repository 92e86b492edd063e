// @ts-check
/**
 * Tests of what processes, servers and networks do as they come and go, of pages in a browser, and of the same thing many times: others try their
 * subject in less time. `npm run test:long` runs them; `npm test` leaves them out, unless they are named: `npm test -- test/crash`.
 */
export const long = [
  "test/access/postgres-histories.test.ts",
  "test/audit/sinks/git.test.ts",
  "test/browser/first-minute.test.ts",
  "test/browser/inputs.test.ts",
  "test/browser/page.test.ts",
  "test/browser/policy.test.ts",
  "test/browser/report.test.ts",
  "test/cli/audit-export-memory.test.ts",
  "test/cli/audit-export-resume.test.ts",
  "test/cli/audit-report.test.ts",
  "test/cli/database-not-ready.test.ts",
  "test/cli/policy-check-live.test.ts",
  "test/crash/access.test.ts",
  "test/crash/decisions.test.ts",
  "test/docs/database.test.ts",
  "test/docs/network.test.ts",
  "test/docs/policy-ci.test.ts",
  "test/model/histories-on-redis.test.ts",
  "test/model/histories.test.ts",
  "test/model/more-histories-on-redis.test.ts",
  "test/network/outgoing.test.ts",
  "test/persistence/embedded-obstacles.test.ts",
  "test/persistence/embedded-roles.test.ts",
  "test/persistence/embedded.test.ts",
  "test/playground-stage/main.test.ts",
  "test/playground-stage/stage.test.ts",
  "test/playground-web/screens.test.ts",
  "test/process/company-proxy.test.ts",
  "test/process/database-lost.test.ts",
  "test/process/database-restarted.test.ts",
  "test/process/killed-while-revoking.test.ts",
  "test/process/many.test.ts",
  "test/process/own-database-killed.test.ts",
  "test/process/own-database.test.ts",
  "test/process/redis.test.ts",
  "test/process/slack-lost.test.ts",
  "test/process/stopped-while-starting.test.ts",
  "test/process/three.test.ts",
  "test/process/two.test.ts",
  "test/providers/new-provider.test.ts",
  "test/providers/postgres/one-row.test.ts",
  "test/providers/postgres/replicas.test.ts",
  "test/slack/flood.test.ts",
  "test/slack/handover.test.ts",
  "test/slack/not-understood.test.ts",
  "test/slack/overdue-once.test.ts",
  "test/slack/overdue.test.ts",
  "test/slack/races.test.ts",
  "test/slack/slow-slack.test.ts",
  "test/slack/turns.test.ts",
  "test/slack/unkind.test.ts",
];

/** Tests of guarding PostgreSQL: `npm test` tries version 18, `npm run test:long` version 15. */
export const onPostgres15 = [
  "test/docs/postgres.test.ts",
  "test/providers/postgres/connection.test.ts",
  "test/providers/postgres/contract.test.ts",
  "test/providers/postgres/locks.test.ts",
  "test/providers/postgres/memberships.test.ts",
  "test/providers/postgres/outlives.test.ts",
  "test/providers/postgres/reading.test.ts",
  "test/providers/postgres/refusals.test.ts",
];

/** Whether one of these words, as of a command line, is a part of a test's path. */
export function namesOne(/** @type {readonly string[]} */ words) {
  return words.some(
    (word) => !word.startsWith("-") && long.some((path) => path.includes(word.replace(/^\.\//u, ""))),
  );
}
