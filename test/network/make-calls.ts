// `make-calls.ts KIND=ORIGIN…`: makes these calls as Hallpass does, in a process of its own, and prints what became of each.
import { pino } from "pino";
import type { SinkRecord } from "../../src/audit/sinks/sink.ts";
import { createOpsgenie } from "../../src/groups/opsgenie.ts";
import { createPagerDuty } from "../../src/groups/pagerduty.ts";
import { createHttpProvider } from "../../src/providers/http/index.ts";
import { connect } from "../../src/slack/connect.ts";
import { createWebClient } from "../../src/slack/client/web-client.ts";
import { sinkOf } from "../audit/sinks/peer.ts";
import { Kind } from "./calls.ts";

const record: SinkRecord = {
  kind: "event",
  sequence: 1,
  hash: "a".repeat(64),
  seq: 1,
  at: "2026-11-30T23:59:00.000Z",
  type: "request.created",
  request: null,
  actor: "alice@example.com",
  rule: null,
};

async function deliver(options: Record<string, unknown>): Promise<void> {
  const { sink } = sinkOf(options);
  try {
    await sink.deliver([record], AbortSignal.timeout(25_000), () => undefined);
  } finally {
    await sink.close();
  }
}

async function authenticate(origin: string): Promise<void> {
  const given = new AbortController();
  const log = pino({ level: "silent" });
  let why: string | undefined;
  const onTrouble = (words: string): void => {
    why = words;
    given.abort();
  };
  await connect(createWebClient({ botToken: "xoxb-1", apiUrl: `${origin}/api/`, log }), {
    log,
    signal: given.signal,
    onTrouble,
  }).catch((error: unknown) => {
    throw why === undefined ? error : new Error(why);
  });
}

async function useProvider(url: string): Promise<void> {
  const provider = createHttpProvider({ url, token: "a-token" });
  try {
    await provider.identity();
  } finally {
    await provider.close();
  }
}

const secret = "${SINK_SECRET}";
const keys = { access_key: secret, secret_key: secret };

const calls: Readonly<Record<Kind, (origin: string) => Promise<unknown>>> = {
  slack: authenticate,
  pagerduty: (origin) => createPagerDuty({ token: "t", url: `${origin}/` }).onCall("P1"),
  opsgenie: (origin) => createOpsgenie({ token: "t", url: `${origin}/` }).onCall("P1"),
  webhook: (origin) => deliver({ type: "webhook", url: `${origin}/hook`, secret }),
  splunk: (origin) => deliver({ type: "splunk", url: origin, token: secret }),
  elasticsearch: (origin) => deliver({ type: "elasticsearch", url: origin }),
  s3: (origin) => deliver({ type: "s3", endpoint: origin, bucket: "audit-of-ours", region: "eu-1", ...keys }),
  provider: (origin) => useProvider(`${origin}/tool`),
};

const outcomes = await Promise.all(
  process.argv.slice(2).map(async (argument) => {
    const [word = "", origin = ""] = argument.split("=");
    const kind = Kind.parse(word);
    const startedAt = performance.now();
    const outcome = await calls[kind](origin).then(
      () => "answered",
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    return { kind, outcome, ms: Math.round(performance.now() - startedAt) };
  }),
);
console.log(JSON.stringify(outcomes));
