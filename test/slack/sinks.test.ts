import { ask, threadSays } from "../support/ask.ts";
import { ordinaryPolicy, startWorld, type World } from "../support/hallpass.ts";
import { Batch, webhookPeer } from "../audit/sinks/peers.ts";

let world: World;
let one: Awaited<ReturnType<typeof webhookPeer>>;
let other: Awaited<ReturnType<typeof webhookPeer>>;
beforeAll(async () => {
  [world, one, other] = await Promise.all([
    startWorld({ secrets: { HOOK_SECRET: "a-secret-that-nobody-is-shown" } }),
    webhookPeer(),
    webhookPeer(),
  ]);
});
afterAll(() => Promise.all([world?.stop(), one?.close(), other?.close()]));

function sendingTo(...addresses: readonly string[]): string {
  const sinks = addresses.map(
    (address, index) =>
      `  hook-${index + 1}: { type: webhook, url: "${address}/hook", secret: "\${HOOK_SECRET}" }\n`,
  );
  return `${ordinaryPolicy(world.guarded.names)}sinks:\n${sinks.join("")}`;
}

/** The places of the chain that have arrived, each once, in the order in which they first did. */
function places(peer: typeof one): readonly number[] {
  const records = peer.requests.flatMap(({ body }) => Batch.parse(JSON.parse(body)).records);
  return [...new Set(records.filter(({ kind }) => kind === "event").map(({ sequence }) => sequence))];
}

async function hasAll(peer: typeof one): Promise<void> {
  await world.hallpass.publishAudit();
  const [head] = await world.query<{ sequence: number }>(
    "select max(sequence)::int as sequence from audit_chain",
  );
  const last = head?.sequence ?? 0;
  await world.slack.until(() => places(peer).includes(last), `place ${last} to arrive`);
  expect(places(peer)).toEqual(Array.from({ length: last }, (_, index) => index + 1));
}

it("a policy says where the audit goes: to another place from now on, to a new one from the beginning", async () => {
  const message = await ask(world, "alice", "orders-db read 1h looking");
  expect(await world.reloads(sendingTo(one.address))).toBe("loaded");
  await hasAll(one);

  await world.slack.as("bob").presses(message, "Approve");
  await threadSays(world, message, "Granted to");
  await hasAll(one);
  const known = places(one).length;

  // The first of them is at another address now and goes on there; the second begins.
  expect(await world.reloads(sendingTo(other.address, one.address))).toBe("loaded");
  await world.hallpass.publishAudit();
  await world.slack.until(() => places(other).length > 0, "something to arrive at the other");
  expect(places(other)[0]).toBe(known + 1);
  await world.slack.until(() => places(one).length > known, "all to have arrived by the second");

  // One that may not be used keeps the others as they are.
  expect(await world.reloads(sendingTo("http://siem.example.com"))).toBe("refused");
  const before = places(other).length;
  await ask(world, "bob", "orders-db read 1h looking too");
  await world.hallpass.publishAudit();
  await world.slack.until(() => places(other).length > before + 1, "what followed to arrive at the other");
});
