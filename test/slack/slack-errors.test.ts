import { readFileSync } from "node:fs";
import { pino } from "pino";
import {
  askedToWaitMs,
  knownErrors,
  mayBeDone,
  permanentFault,
  wordFault,
} from "../../src/slack/client/errors.ts";
import { createPatientClient } from "../../src/slack/client/web-client.ts";
import { AskedToWait } from "../../src/groups/pause.ts";
import type { OddAnswer } from "../../slack-simulator/faults.ts";
import { type Slack, startSlack } from "../support/slack.ts";

let slack: Slack;
beforeEach(async () => {
  slack = await startSlack();
});
afterEach(() => slack.close());

/** What posting a message comes to, as the one place that decides sees it. */
async function fails(): Promise<unknown> {
  const client = createPatientClient({
    botToken: slack.tokens.bot,
    apiUrl: slack.apiUrl,
    log: pino({ level: "silent" }),
  });
  return client.chat.postMessage({ channel: "#access-requests", text: "hello" }).then(
    () => undefined,
    (error: unknown) => error,
  );
}

const page = `<html>${"<p>maintenance of the proxy</p>".repeat(10_000)}</html>`;

describe("what is no answer may be done, and nothing of it is repeated", () => {
  it.each<[string, OddAnswer]>([
    ["HTML", { body: page, contentType: "text/html", isDone: true }],
    ["JSON that is cut off", { body: '{"ok":true,"channel":"C0', isDone: true }],
    ["nothing", { body: "", isDone: true }],
    ["a number", { body: "7", isDone: true }],
    ["no ok", { body: '{"channel":"C0"}', isDone: true }],
    ["an ok that is none", { body: '{"ok":"maintenance"}', isDone: true }],
    ["an error that is no name", { body: JSON.stringify({ ok: false, error: page }), isDone: true }],
    ["an error that is missing", { body: '{"ok":false}', isDone: true }],
    ["503 with HTML", { status: 503, body: page, contentType: "text/html", isDone: false }],
    ["500", { status: 500, body: "{}", isDone: false }],
    ["a redirect", { status: 302, body: "", isDone: false }],
  ])("%s", async (_, answer) => {
    slack.faults.answerOddly("chat.postMessage", answer);
    const error = await fails();
    expect(mayBeDone(error)).toBe(true);
    expect(permanentFault(error)).toBeUndefined();
    const words = wordFault(error);
    expect(words).toMatch(/^Slack cannot be (?:used: it answered with HTTP \d+ |reached: )/u);
    expect(words).not.toMatch(/maintenance|token/iu);
    expect(words.length).toBeLessThan(250);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error)).length).toBeLessThan(5_000);
  });
});

it("a refusal of whoever stands in between is known not to be done", async () => {
  slack.faults.answerOddly("chat.postMessage", {
    status: 403,
    body: page,
    contentType: "text/html",
    isDone: false,
  });
  expect(mayBeDone(await fails())).toBe(false);
});

it("of a refusal its name is kept, and what helps to mend it, bounded", async () => {
  const messages = Array.from({ length: 50 }, () => page);
  const body = JSON.stringify({
    ok: false,
    error: "missing_scope",
    needed: page,
    response_metadata: { messages },
    page,
  });
  slack.faults.answerOddly("chat.postMessage", { body, isDone: false });
  const error = await fails();
  expect(wordFault(error)).toBe(
    "the Slack app lacks a scope: install the app again from manifest.yml (missing_scope)",
  );
  expect(JSON.stringify(error).length).toBeLessThan(5_000);
});

it("what an answer has besides what was asked for stands in no log, however much of it there is", async () => {
  const lines: string[] = [];
  const log = pino({ level: "debug" }, { write: (line: string) => void lines.push(line) });
  const client = createPatientClient({ botToken: slack.tokens.bot, apiUrl: slack.apiUrl, log });
  const warnings = Array.from({ length: 20_000 }, () => page.slice(0, 30));
  const answer = {
    ok: true,
    channel: "C0ACCESSREQUESTS",
    ts: "1.2",
    response_metadata: { warnings, messages: warnings },
  };
  slack.faults.answerOddly("chat.postMessage", { body: JSON.stringify(answer), isDone: true });
  await client.chat.postMessage({ channel: "#access-requests", text: "hello" });
  expect(lines.join("").length).toBeLessThan(20_000);
  slack.faults.answerOddly("auth.test", {
    body: '{"ok":true,"response_metadata":"maintenance"}',
    isDone: true,
  });
  await client.auth.test();
  expect(lines.join("")).not.toContain("maintenance");
});

describe("how long Slack asks to be left alone is believed within bounds", () => {
  it.each([
    ["a while", 7, 7],
    ["no time", 0, 1],
    ["time that is over", -5, 1],
    ["an hour", 3_600, 120],
    ["no header", undefined, 10],
    ["a date", "Wed, 21 Oct 2026 07:28:00 GMT", 10],
    ["rubbish", "soon", 10],
  ])("%s", async (_, header, seconds) => {
    slack.faults.rateLimit("chat.postMessage", header);
    const error = await fails();
    expect(askedToWaitMs(error)).toBe(seconds * 1_000);
    expect(mayBeDone(error)).toBe(false);
  });

  it.each(["ratelimited", "rate_limited"])("a limit that is answered as %s", async (code) => {
    slack.faults.failNext("chat.postMessage", code);
    expect(askedToWaitMs(await fails())).toBe(10_000);
  });
});

it("the token is blamed for what is the token's, and for nothing else", async () => {
  const words = await Promise.all(
    Object.keys(knownErrors).map(async (code) => {
      slack.faults.failNext("chat.postMessage", code);
      return [code, wordFault(await fails())] as const;
    }),
  );
  const blamed = words.filter(([, said]) => said.includes("refuses the token")).map(([code]) => code);
  expect(blamed).toEqual(Object.keys(knownErrors).filter((code) => knownErrors[code]?.about === "token"));
});

it.each(["constructor", "__proto__", "to_string", "an_error_nobody_knows"])(
  "%s is an error nobody knows",
  async (code) => {
    slack.faults.failNext("chat.postMessage", code);
    const error = await fails();
    expect(wordFault(error)).toBe(`Slack refuses (${code})`);
    expect([mayBeDone(error), permanentFault(error), askedToWaitMs(error)]).toEqual([false, undefined, 0]);
  },
);

it("docs/slack.md lists every error that is told from others, as what it is", () => {
  const text = readFileSync(new URL("../../docs/slack.md", import.meta.url), "utf8");
  const rows = text.matchAll(/^\| (?<codes>`[a-z_`, ]+`) +\| (?<about>[a-z ]+?) +\|/gmu);
  const listed = [...rows].flatMap(({ groups }) =>
    [...(groups?.["codes"] ?? "").matchAll(/`([a-z_]+)`/gu)].map(([, code]) => [code, groups?.["about"]]),
  );
  expect(Object.fromEntries(listed)).toEqual(
    Object.fromEntries(Object.entries(knownErrors).map(([code, { about }]) => [code, about])),
  );
});

it("that Slack asked to wait is not said to be that it cannot be reached", () => {
  expect(wordFault(new AskedToWait("Slack", 30))).toBe("Slack takes no more calls for 30 s");
});
