// @ts-check
/**
 * Tests that take half a minute or more, for they kill processes, look at pages in a browser, or try the same thing many times. `npm run test:long`
 * runs them; `npm test` leaves them out, unless they are named: `npm test -- test/crash`.
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
  "test/crash/access.test.ts",
  "test/crash/decisions.test.ts",
  "test/model/histories-on-redis.test.ts",
  "test/model/histories.test.ts",
  "test/model/more-histories-on-redis.test.ts",
  "test/network/outgoing.test.ts",
  "test/persistence/embedded-obstacles.test.ts",
  "test/playground-stage/main.test.ts",
  "test/playground-stage/stage.test.ts",
  "test/process/company-proxy.test.ts",
  "test/process/database-restarted.test.ts",
  "test/process/killed-while-revoking.test.ts",
  "test/process/many.test.ts",
  "test/process/own-database-killed.test.ts",
  "test/process/redis.test.ts",
  "test/process/slack-lost.test.ts",
  "test/process/stopped-while-starting.test.ts",
  "test/process/three.test.ts",
  "test/slack/handover.test.ts",
  "test/slack/races.test.ts",
  "test/slack/slow-slack.test.ts",
  "test/slack/unkind.test.ts",
];

/** Whether one of these words, as of a command line, is a part of a test's path. */
export function namesOne(/** @type {readonly string[]} */ words) {
  return words.some(
    (word) => !word.startsWith("-") && long.some((path) => path.includes(word.replace(/^\.\//u, ""))),
  );
}
