import { Writable } from "node:stream";
import * as fc from "fast-check";
import { encode } from "../../slack-simulator/http-transport.ts";
import type { DeliveryKind } from "../../slack-simulator/delivery.ts";
import type { Json, JsonObject } from "../../slack-simulator/json.ts";
import { ask, toldAlone } from "../support/ask.ts";
import { fillsForm, opensForm } from "../support/form.ts";
import { startWorld, type World } from "../support/hallpass.ts";

type Base = { readonly kind: DeliveryKind; readonly payload: JsonObject };

let world: World;
const lines: string[] = [];
const log = new Writable({
  write(chunk, _encoding, done) {
    lines.push(String(chunk));
    done();
  },
});

/** A Hallpass that was used in every way there is, and what Slack delivered for it. */
async function start(transport: "socket" | "http"): Promise<readonly Base[]> {
  world = await startWorld({ transport, log });
  const { slack } = world;
  const alice = slack.as("alice");
  const message = await ask(world, "alice", "orders-db read 1h before");
  await opensForm(slack, alice);
  await fillsForm(slack, alice, {
    resource: "Orders database (production)",
    role: "Read only",
    duration: "soon",
    reason: "no duration",
  });
  await alice.submits();
  await alice.closes();
  await slack.as("bob").presses(message, "Deny");
  await slack.until(() => slack.as("bob").modal(), "bob's form");
  await slack.as("bob").submits();
  await slack.as("dana").types("/access-audit who orders-db:read");
  await slack.changeUser("carol", {});
  lines.length = 0;
  return slack.deliveries().map(({ kind, payload }) => ({ kind, payload }));
}

async function stillAnswers(): Promise<void> {
  await world.slack.as("erin").types("/access mine");
  await toldAlone(world, "erin", "You have no access now");
}

/** The types of what was not understood, as they were logged. */
function unknownTypes(): readonly unknown[] {
  return lines
    .map((line): { readonly msg: string; readonly type?: unknown } => JSON.parse(line))
    .filter(({ msg }) => msg.includes("does not understand"))
    .map(({ type }) => type);
}

/** What was logged as a fault of ours; what Slack refuses is none, such as to open a form for a trigger it never gave. */
function faults(): readonly string[] {
  const refusals = ["WebAPIPlatformError", "UnreadableAnswer"];
  return lines.filter(
    (line) => line.includes('"stack"') && !refusals.some((refusal) => line.includes(refusal)),
  );
}

type Change = { readonly at: number; readonly to: Json | typeof gone };
const gone = Symbol("gone");

const anyChange: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(),
  to: fc.oneof(
    fc.constantFrom(gone, null, "", 0, "block_actions", "close", [], {}, [null], { id: null }),
    fc.jsonValue().map((value): Json => JSON.parse(JSON.stringify(value))),
  ),
});

/** Everything that stands anywhere in a value, counted from the outside in. */
function places(value: Json, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key]))];
}

function changed(value: Json, [key, ...rest]: readonly string[], to: Change["to"]): Json {
  if (key === undefined) return to === gone ? undefined : to;
  if (typeof value !== "object" || value === null) return value;
  const copy = Object.entries(value).map(([name, inner]: [string, Json]): [string, Json] => [
    name,
    name === key ? changed(inner, rest, to) : inner,
  ]);
  return Array.isArray(value) ? copy.map(([, inner]) => inner) : Object.fromEntries(copy);
}

function mutate(value: Json, changes: readonly Change[]): Json {
  return changes.reduce((sum: Json, { at, to }) => {
    const all = places(sum);
    return changed(sum, all[at % all.length] ?? [], to);
  }, value);
}

/** Frames and bodies as Slack sends them, changed in a few places. */
const batch = fc.array(
  fc.record({
    base: fc.nat(),
    changes: fc.array(anyChange, { minLength: 1, maxLength: 3 }),
    cut: fc.option(fc.nat()),
  }),
  { minLength: 30, maxLength: 30 },
);
/** `MUTANTS=100000` tries so many by each transport; what it keeps of them must not grow with their number. */
const mutantsWanted = Number(process.env["MUTANTS"] ?? 2_100);
const runs = { numRuns: Math.ceil(mutantsWanted / 30) };

/** Megabytes in use once what is not needed any more is gone. */
function heldMegabytes(): number {
  globalThis.gc?.();
  return Math.round(process.memoryUsage().heapUsed / 1024 / 1024);
}

function sayMemory(before: number): void {
  if (mutantsWanted > 2_100)
    console.info(`${mutantsWanted} mutants: ${before} MB before, ${heldMegabytes()} MB after`);
}

describe("by Socket Mode", () => {
  let bases: readonly Base[];
  beforeAll(async () => {
    bases = await start("socket");
  });
  afterEach(() => {
    lines.length = 0;
  });
  afterAll(() => world?.stop());

  it.each([
    ["a payload without an event", { type: "events_api", payload: {} }, "none"],
    ["no payload", { type: "events_api" }, "undefined"],
    ["null for a payload", { type: "interactive", payload: null }, "object"],
    [
      "an event nobody listens to",
      { type: "events_api", payload: { event: { type: "app_rate_limited" } } },
      "app_rate_limited",
    ],
    [
      "a type of the connection's own",
      { type: "ws_message", payload: { type: "slack_event" } },
      "slack_event",
    ],
    ["an interaction nobody listens to", { type: "interactive", payload: { type: "shortcut" } }, "shortcut"],
  ])("an envelope with %s is acknowledged, and said once", async (_, frame, type) => {
    const answer = await world.slack.raw.socket(JSON.stringify({ envelope_id: `of ${type}`, ...frame }));
    expect(answer).toEqual({ acked: true, status: "ack", body: undefined });
    expect(unknownTypes()).toEqual([type]);
    expect(world.slack.sockets.connected()).toBe(2);
  });

  it.each([
    ["null", "null"],
    ['"text"', "string"],
    ["{", "no JSON"],
    ['{"type":"ws_message"}', "ws_message"],
    ['{"type":"close"}', "close"],
    ['{"type":"error"}', "error"],
  ])("a frame that is no envelope is said once, and no more: %s", async (frame, type) => {
    await world.slack.raw.socket(frame);
    await stillAnswers();
    expect(unknownTypes()).toEqual([type]);
    expect(world.slack.sockets.connected()).toBe(2);
  });

  it("a button nobody knows any more is acknowledged", async () => {
    const click = bases.find(({ payload }) => payload.type === "block_actions");
    const actions = [{ type: "button", action_id: "of_an_older_version", action_ts: "1.2" }];
    const frame = { envelope_id: "old", type: "interactive", payload: { ...click?.payload, actions } };
    expect(await world.slack.raw.socket(JSON.stringify(frame))).toMatchObject({ acked: true });
  });

  it("whatever comes, every envelope is acknowledged and the next command is answered", async () => {
    let number = 0;
    const before = heldMegabytes();
    await fc.assert(
      fc.asyncProperty(batch, async (mutants) => {
        const answers = mutants.map(async ({ base, changes, cut }) => {
          const { kind: type, payload } = bases[base % bases.length] ?? {};
          number += 1;
          const frame = mutate(
            { envelope_id: `E${number}`, type, payload, accepts_response_payload: true },
            changes,
          );
          const text = JSON.stringify(frame) ?? "";
          // Slack may well ask to connect again; that is another test.
          if (/"type":"disconnect"/u.test(text)) return undefined;
          return world.slack.raw.socket(cut === null ? text : text.slice(0, cut % (text.length + 1)));
        });
        for (const answer of await Promise.all(answers))
          expect(answer?.status ?? "no_envelope").toMatch(/^(ack|no_envelope)$/);
      }),
      runs,
    );
    sayMemory(before);
    await stillAnswers();
    expect(faults()).toEqual([]);
  });
});

describe("by HTTP", () => {
  let bases: readonly Base[];
  beforeAll(async () => {
    bases = await start("http");
  });
  afterEach(() => {
    lines.length = 0;
  });
  afterAll(() => world?.stop());

  const json = "application/json";
  it.each([
    ["payload=null", undefined, 400],
    ["payload=7", undefined, 400],
    ["payload=[]", undefined, 400],
    ["payload={}", undefined, 400],
    ["payload={", undefined, 400],
    ["payload=%7B%22type%22%3A%22shortcut%22%7D", undefined, 400],
    ["", undefined, 400],
    ["something=else", undefined, 400],
    ["null", json, 400],
    ["[]", json, 400],
    ["{}", json, 400],
    // Slack delivers an event that is refused again, and in the end no more at all.
    ['{"event":{"type":"app_home_opened"}}', json, 200],
    ['{"event":null}', json, 200],
  ])("a signed body that is not understood is answered at once: %s", async (body, contentType, status) => {
    const answer = await world.slack.raw.post({ body, ...(contentType !== undefined && { contentType }) });
    expect(answer).toMatchObject({ status, body: "" });
    expect(answer.ms).toBeLessThan(1_000);
    expect(lines.length).toBeLessThanOrEqual(1);
    expect(lines.join("")).not.toContain('"stack"');
  });

  it("a type that is not understood is said once", async () => {
    const post = (type: string) =>
      world.slack.raw.post({ body: JSON.stringify({ event: { type } }), contentType: json });
    for (const type of ["app_uninstalled", "app_uninstalled", "pin_added", "app_uninstalled"])
      await post(type);
    expect(unknownTypes()).toEqual(["app_uninstalled", "pin_added"]);
  });

  it.each([
    [-300, 200],
    [-301, 401],
    [299, 200],
    [305, 401],
    [3_600, 401],
  ])("a request signed for %i s from now is answered with %i", async (seconds, status) => {
    // Within this second: a boundary is the second's, not the test's.
    const answered = async (): Promise<{ readonly status: number; readonly isSameSecond: boolean }> => {
      const now = Math.trunc(Date.now() / 1_000);
      const { body, contentType } = encode("events_api", { event: { type: "subteam_created" } });
      const answer = await world.slack.raw.post({ body, contentType, timestamp: now + seconds });
      return { status: answer.status, isSameSecond: Math.trunc(Date.now() / 1_000) === now };
    };
    let answer = await answered();
    while (!answer.isSameSecond) answer = await answered();
    expect(answer.status).toBe(status);
  });

  it("whatever comes, it is answered at once and the next command too", async () => {
    const before = heldMegabytes();
    await fc.assert(
      fc.asyncProperty(batch, async (mutants) => {
        const answers = mutants.map(async ({ base, changes, cut }) => {
          const { kind = "interactive", payload } = bases[base % bases.length] ?? {};
          const mutant = mutate(payload, changes);
          const { body, contentType } =
            kind === "slash_commands" && typeof mutant === "object" && mutant !== null
              ? encode(kind, Object.fromEntries(Object.entries(mutant)))
              : { body: JSON.stringify(mutant) ?? "", contentType: json };
          return world.slack.raw.post({
            body: cut === null ? body : body.slice(0, cut % (body.length + 1)),
            contentType,
          });
        });
        for (const { status, ms } of await Promise.all(answers)) {
          expect([200, 400]).toContain(status);
          expect(ms).toBeLessThan(2_500);
        }
      }),
      runs,
    );
    sayMemory(before);
    await stillAnswers();
    expect(faults()).toEqual([]);
  });
});
