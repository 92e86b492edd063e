import { z } from "zod";
import { createLogger, redactSecrets } from "../src/logger.ts";
import type { Logger } from "../src/logger.ts";

const canary = "c4n4ry";

/** What is logged, as text and as the objects it holds. */
function logged(write: (log: Logger) => void): {
  readonly text: string;
  readonly lines: readonly Readonly<Record<string, unknown>>[];
} {
  let text = "";
  write(createLogger("trace", { write: (line: string) => void (text += line) }));
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => z.record(z.string(), z.unknown()).parse(JSON.parse(line)));
  return { text, lines };
}

test("a line is one JSON object with level, time and message", () => {
  const { lines } = logged((log) => log.info({ requestId: "AR-1042" }, "granted\nand more"));
  expect(lines).toEqual([
    expect.objectContaining({ level: 30, requestId: "AR-1042", msg: "granted\nand more" }),
  ]);
});

test("below the level nothing is written", () => {
  let text = "";
  const log = createLogger("warn", { write: (line: string) => void (text += line) });
  log.info("quiet");
  expect(text).toBe("");
});

const messages = [
  `postgres://hallpass:${canary}@db:5432/x`,
  `connect to postgresql://u:p@${canary}/${canary}?x@db/x failed`,
  `redis://:${canary}@cache:6379`,
  `https://h/?a=1&access_token=${canary}&b=2`,
  `host=db password=${canary} user=x`,
  `token xoxb-1-${canary}-x, xapp-1-A-${canary}, xoxp-${canary}, xoxe.xoxb-1-${canary}`,
  `https://hooks.slack.com/commands/T1/2/${canary}`,
  `Authorization: Bearer ${canary}`,
  `Bearer ${canary.repeat(5)}`,
  JSON.stringify({ nested: JSON.stringify({ client_secret: `${canary}"x` }) }),
];

test.each(messages)("a message keeps its secret: %s", (message) => {
  const { text, lines } = logged((log) => log.error(message));
  expect(text).not.toContain(canary);
  expect(text).toContain("***");
  expect(lines).toHaveLength(1);
});

test.each(messages)("an error keeps its secret in message, stack and cause: %s", (message) => {
  const error = new Error(message, { cause: new AggregateError([new Error(message)], message) });
  const { text } = logged((log) => {
    log.error({ err: error }, "failed");
    log.error({ error }, "failed");
    log.error(error);
  });
  expect(text).not.toContain(canary);
});

test.each([
  { token: canary },
  { deep: { list: [{ headers: { Authorization: canary, Cookie: `d=${canary}` } }] } },
  { DATABASE_PASSWORD: `with "quotes" \\ and ${canary}` },
  { env: { SLACK_SIGNING_SECRET: canary, apiKey: canary, private_key: `-----BEGIN\n${canary}` } },
  { url: `postgres://u:${canary}@h` },
])("an object keeps its secret, however deep: %j", (fields) => {
  const { text, lines } = logged((log) => {
    log.info(fields, "with fields");
    log.child(fields).info("with bindings");
  });
  expect(text).not.toContain(canary);
  expect(lines).toHaveLength(2);
});

test("an error keeps message, code, stack and causes, and loses what hangs on it", () => {
  const cause = new AggregateError(
    [Object.assign(new Error("refused"), { code: "ECONNREFUSED" })],
    "all failed",
  );
  const error = Object.assign(new TypeError("no answer", { cause }), {
    code: "E1",
    response: { body: canary },
  });
  const { text, lines } = logged((log) => log.error({ err: error }, "failed"));
  expect(text).not.toContain(canary);
  expect(lines[0]?.["err"]).toEqual({
    type: "TypeError",
    message: "no answer",
    code: "E1",
    stack: expect.stringContaining("logger.test"),
    causes: [
      expect.objectContaining({
        message: "all failed",
        causes: [expect.objectContaining({ message: "refused", code: "ECONNREFUSED" })],
      }),
    ],
  });
});

test("an error that is its own cause is logged all the same", () => {
  const error = new Error("round");
  error.cause = error;
  expect(logged((log) => log.error({ err: error }, "failed")).lines).toHaveLength(1);
});

test.each([
  "http://127.0.0.1:3000/slack/events by alice@example.com",
  "postgres://hallpass@db:5432/x",
  "approval.given by bob@example.com for AR-1042: tokens of gratitude, Basic Information",
  "the password of 3 people",
  '{"type":"request.created","data":{"reason":"fix: a=b","ticket":"INC-42"},"policyVersion":"abc"}',
])("what is no secret stays: %s", (text) => {
  expect(redactSecrets(text)).toBe(text);
});

test("the replaced part says what it was", () => {
  expect(redactSecrets("postgres://u:p@h/d xoxb-12-ab xapp-1")).toBe(
    "postgres://u:***@h/d xoxb-*** xapp-***",
  );
});

test.each(["a-".repeat(50_000), "://a:".repeat(2_000), '\\"'.repeat(20_000), '"token":"'.repeat(5_000)])(
  "hostile text is no work",
  (text) => {
    const started = performance.now();
    redactSecrets(text);
    expect(performance.now() - started).toBeLessThan(2_000);
  },
);
