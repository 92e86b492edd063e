import * as fc from "fast-check";
import { manifestScopes, startWorld, type World } from "../support/hallpass.ts";

const seed = 20_261_121;

const methods = [
  "chat.postMessage",
  "chat.update",
  "conversations.open",
  "conversations.history",
  "conversations.replies",
] as const;
const times = fc.integer({ min: 1, max: 3 });

type Fault = { readonly what: string; readonly method: string; readonly times: number };
const fault: fc.Arbitrary<Fault> = fc.record({
  what: fc.constantFrom(
    "lost answer",
    "lost answer",
    "rate limit",
    "internal_error",
    "fatal_error",
    "outage",
    "none",
  ),
  method: fc.constantFrom(...methods),
  times,
});
const step = fc.record({ fault, act: fc.constantFrom("ask", "ask", "approve", "approve", "deny", "end") });

let world: World;
beforeAll(async () => {
  const history = ["channels:history", "groups:history", "im:history"];
  world = await startWorld({
    transport: "http",
    slack: { scopes: [...manifestScopes(), ...history] },
    pace: { burst: 3, intervalMs: 20 },
  });
  const { workspace } = world.slack;
  for (const channel of workspace.channels()) {
    workspace.putChannel({ ...channel, members: [...channel.members, workspace.app.botUserId] });
  }
});
afterAll(() => world?.stop());

function begin({ what, method, times: count }: Fault): void {
  const { faults } = world.slack;
  if (what === "lost answer") faults.loseAnswer(method, count);
  else if (what === "rate limit") faults.rateLimit(method, 1, count);
  else if (what === "outage") faults.down("destroyed");
  else if (what !== "none") faults.failNext(method, what, count);
}

async function owed(): Promise<number> {
  const rows = await world.query<{ owed: number }>(
    "select count(*)::int as owed from effects where queue <> 'deadlines' and done_at is null and due_at < now() + interval '1 day'",
  );
  return rows[0]?.owed ?? 0;
}

/** What was done to requests after this number, in the order in which it was owed to each place. */
async function toldSince(number: number, kind: "tell_thread" | "tell_requester"): Promise<Told> {
  const rows = await world.query<{ number: number; type: string }>(
    `select r.number, e.payload->'event'->>'type' as type
     from effects e join access_requests r on r.id = e.request_id
     where r.number > $1 and e.kind = $2 order by e.seq`,
    [number, kind],
  );
  return rows;
}
type Told = readonly { readonly number: number; readonly type: string }[];

const words: Readonly<Record<string, RegExp>> = {
  "request.created": /you asked for/,
  "request.approved": /is being granted/,
  "request.denied": /[Dd]enied/,
  "grant.active": /Granted to|you have access/,
  "grant.revoked": /Revoked and verified|your access ended|This grant ended|this grant ended/,
};

function typesOf(told: Told, number: number): readonly string[] {
  return told.filter((one) => one.number === number).map(({ type }) => type);
}

/** The kinds of what was said, in the order in which it stands. */
function kindsOf(texts: readonly string[]): readonly string[] {
  return texts.map((text) => Object.keys(words).find((type) => words[type]?.test(text)) ?? text);
}

it(`whatever Slack does, all is said in order, each once, in the end (seed ${seed})`, async () => {
  const { slack } = world;
  let requests = 1_000;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 8 }), async (steps) => {
      const before = requests;
      const pending = async (): Promise<string | undefined> => {
        const rows = await world.query<{ channel: string; ts: string }>(
          `select m.place->>'channel' as channel, m.place->>'ts' as ts from access_requests r join messages m on m.request_id = r.id
           where r.status = 'pending' order by r.number limit 1`,
        );
        return rows[0] && `${rows[0].channel} ${rows[0].ts}`;
      };
      for (const { fault: next, act } of steps) {
        slack.faults.clear();
        await world.hallpass.ready;
        if (act === "ask") {
          requests += 1;
          begin(next.what === "outage" ? { ...next, what: "none" } : next);
          await slack.as("alice").types(`/request-access orders-db read 10m number ${requests}`);
          continue;
        }
        const at = await pending();
        if (act === "end") {
          begin(next);
          world.advance(11 * 60_000);
        } else if (at !== undefined) {
          const [channelId = "", ts = ""] = at.split(" ");
          const [message] = slack
            .channel("#access-requests")
            .messages()
            .filter((one) => one.ts === ts);
          if (!message) throw new Error(`no message at ${channelId} ${ts}`);
          begin(next.what === "outage" ? { ...next, what: "lost answer" } : next);
          if (!message.buttons.includes("Approve")) continue;
          await slack.as("bob").presses(message, act === "approve" ? "Approve" : "Deny");
          if (act === "deny")
            await slack.until(() => slack.as("bob").modal(), "bob's form").then(() => denies());
        }
      }
      slack.faults.clear();
      await slack.until(
        async () => {
          world.advance(61_000);
          return (await owed()) === 0;
        },
        "all to be said",
        20_000,
      );

      const cards = slack.channel("#access-requests").messages();
      const threads = await toldSince(before, "tell_thread");
      const directly = await toldSince(before, "tell_requester");
      const dms = slack.as("alice").directMessages();
      for (let number = before + 1; number <= requests; number += 1) {
        const about = cards.filter(({ visibleText }) => visibleText.includes(`\nAR-${number} · `));
        expect(about).toHaveLength(1);
        const thread = about.flatMap((card) => slack.thread(card));
        expect(kindsOf(thread.map(({ visibleText }) => visibleText))).toEqual(typesOf(threads, number));
        const dm = dms.filter(({ visibleText }) => visibleText.startsWith(`AR-${number} `));
        expect(kindsOf(dm.map(({ visibleText }) => visibleText))).toEqual(typesOf(directly, number));
      }
    }),
    { seed, numRuns: 6 },
  );
});

async function denies(): Promise<void> {
  const bob = world.slack.as("bob");
  await bob.fills("Reason", "not now");
  await bob.submits();
}
