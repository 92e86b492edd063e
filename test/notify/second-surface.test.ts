import { pino } from "pino";
import { createAccessHandlers } from "../../src/access/carry-out/handlers.ts";
import { decideRequest } from "../../src/access/requests/decide-request.ts";
import { endAccess } from "../../src/access/requests/end-access.ts";
import { requestAccess } from "../../src/access/requests/request-access.ts";
import type { AccessRequest } from "../../src/domain/request/request.ts";
import { sayIn, tellAlerts } from "../../src/notify/alerts.ts";
import { plainMessage } from "../../src/notify/message.ts";
import { createNotifier } from "../../src/notify/notifier.ts";
import { tellOverdue } from "../../src/notify/overdue.ts";
import type { Surface } from "../../src/notify/surface.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { type Office, openOffice } from "../support/access.ts";
import { alice, bob } from "../support/build.ts";
import { policyFrom } from "../support/hallpass.ts";
import { createPigeons, type Pigeons } from "../support/pigeons.ts";

const log = pino({ level: "silent" });
const lofts = { channel: "pigeon:loft", alerts: "pigeon:attic" };

let office: Office;
let pigeons: Pigeons;
let policy: Policy;

/** Hallpass on these surfaces instead of on Slack. */
function on(...surfaces: readonly Surface[]): void {
  const notifier = createNotifier({
    ...office,
    policy: () => policy,
    log,
    admins: () => Promise.resolve(["dana@example.com"]),
    surfaces: new Map(surfaces.map((surface) => [surface.name, surface])),
  });
  Object.assign(office.runner.handlers, createAccessHandlers(office), notifier);
}

/** Says in which destinations the policy talks. */
function talksIn(settings: { readonly channel: string; readonly alerts: string }): void {
  policy = {
    ...office.policy(),
    settings: { ...office.policy().settings, ...settings },
    rules: office.policy().rules.map((rule) => ({ ...rule, channel: settings.channel })),
  };
}

beforeEach(async () => {
  office = await openOffice();
  pigeons = createPigeons();
  talksIn(lofts);
  on(pigeons);
  const caller = { email: alice.email, name: alice.name, account: "pigeon:alice" };
  office.accounts.set("pigeon:alice", { is: "here", caller });
});
afterEach(() => office?.close());

async function asks(account = "pigeon:alice"): Promise<AccessRequest> {
  const filed = await requestAccess(
    { ...office, policy: () => policy },
    {
      requester: { ...alice, account: account },
      resource: "orders-db",
      role: "read",
      durationSeconds: 3600,
      reason: "the replica lags",
      source: "slack",
    },
  );
  if (filed.outcome !== "filed") throw new Error(JSON.stringify(filed));
  return filed.request;
}

it("a request lives on another surface from the question to the proof that access is gone", async () => {
  const request = await asks();
  await office.drain();
  expect(pigeons.readsIn("loft")).toEqual([expect.stringContaining("alice@example.com asks · ")]);
  expect(pigeons.readsIn("loft")[0]).toContain("> the replica lags");
  expect(pigeons.offersIn("loft")).toEqual(["Approve", "Deny"]);
  expect(pigeons.offersIn("alice")).toEqual(["Cancel request"]);

  const deps = { ...office, policy: () => policy };
  await approves(request.id);
  await office.drain();
  expect(office.provider.held).toEqual(new Set(["alice"]));
  const [card, ...thread] = pigeons.notes.filter(({ loft }) => loft === "loft");
  expect(thread.map(({ under }) => under)).toEqual(thread.map(() => card?.id));
  expect(pigeons.readsIn("loft").join("\n")).toContain("Granted to alice");
  expect(card?.message.actions.map(({ label }) => label)).toEqual(["End access"]);
  expect(pigeons.offersIn("alice")).toEqual(["Give back"]);

  await endAccess(deps, { requestId: request.id, by: { ...alice, account: "pigeon:alice" }, key: "back" });
  await office.drain();
  expect(office.provider.held.size).toBe(0);
  expect(pigeons.readsIn("loft").join("\n")).toContain("Revoked and verified");
  expect(office.faults).toEqual([]);
  const rows = await office.db.message.findMany();
  expect(rows).toEqual([expect.objectContaining({ surface: "pigeon", place: { note: card?.id } })]);
});

it("a loft that is closed, and a note that is torn up, are mended as on Slack", async () => {
  pigeons.close("loft");
  await asks();
  await office.drain();
  expect(pigeons.readsIn("attic").join("\n")).toContain(
    "the loft loft is closed); it is decided here instead",
  );
  expect(pigeons.readsIn("alice").join("\n")).toContain("it is decided in pigeon:attic instead");
  pigeons.open("loft");
  pigeons.tear("attic");
  await approves((await onlyRequest()).id);
  await office.drain();
  expect(pigeons.readsIn("attic").join("\n")).toContain("was deleted; this one stands in for it");
  expect(pigeons.readsIn("attic").join("\n")).toContain("Granted to alice");
});

it("nothing that is said is lost when somebody tears up each new note as it comes", async () => {
  const request = await asks();
  await office.drain();
  await approves(request.id);
  pigeons.tear("loft");
  // Once when the card is brought up to date, once when something is said under it.
  pigeons.tearNext("loft", 2);
  await office.drain();
  office.clock.advance(10_000);
  await office.drain();
  expect(pigeons.readsIn("loft").join("\n")).toContain(
    "Approved by bob@example.com. The access is being granted.",
  );
  expect(pigeons.readsIn("loft").join("\n")).toContain("Granted to alice");
  expect(pigeons.readsIn("attic")).toEqual([]);
});

it("each message goes to the surface it is for, and none waits for another surface", async () => {
  // Nothing is taken on Slack.
  const slack: Surface = {
    ...createPigeons("slack"),
    deliver: () => Promise.resolve({ outcome: "again", seconds: 60, error: "away", untouched: true }),
  };
  on(pigeons, slack);
  talksIn({ channel: "#orders", alerts: "pigeon:attic" });
  const request = await asks();
  await approves(request.id);
  await office.drain();
  expect(pigeons.readsIn("alice").at(-1)).toContain("you have access");
  const waiting = await office.db.effect.findMany({
    where: { doneAt: null, queue: "messages", retryAt: { not: null } },
  });
  expect(new Set(waiting.map(({ lane }) => lane))).toEqual(new Set([`slack-thread-${request.id}`]));
});

it("a surface that Hallpass is not on is on record, and keeps nothing else back", async () => {
  talksIn({ channel: "raven:tower", alerts: "pigeon:attic" });
  await asks();
  await office.drain();
  expect(pigeons.readsIn("alice")).toEqual([expect.stringContaining("you asked for 1h")]);
  expect(await office.events()).toContain("message.failed");
  const [posting] = await office.effects("post_request");
  expect(posting?.lastError).toBe("Hallpass is not on raven");
});

it("what is about no request, and overdue access, is said where the policy says", async () => {
  const request = await asks();
  await office.drain();
  const announcers = new Map([["pigeon", pigeons]]);
  await sayIn(announcers, "pigeon:attic", plainMessage("a checkpoint"));
  await expect(sayIn(announcers, "#access-alerts", plainMessage("a checkpoint"))).rejects.toThrow(
    "not on slack",
  );
  tellAlerts({ announcers, log }, "#access-alerts", "lost");
  const grant = request.planned[0];
  const event = {
    type: "revocation.overdue",
    at: new Date(),
    actor: { kind: "hallpass" },
    ...(grant && { grantId: grant.grantId }),
    data: {
      access: "orders-db:read",
      provider: "orders-postgres",
      subject: "alice",
      since: new Date().toISOString(),
      lateSeconds: 65,
      step: 1,
      attempts: 0,
    },
  } as const;
  for (const place of ["alerts", "thread"] as const)
    expect(await tellOverdue({ db: office.db, announcers }, request, event, place, false)).toEqual({
      outcome: "said",
    });
  expect(pigeons.readsIn("attic")).toEqual(["a checkpoint", expect.stringContaining("Overdue by 1m")]);
  expect(pigeons.readsIn("loft").at(-1)).toContain("Overdue by 1m");
  expect(pigeons.offersIn("loft")).toEqual(["Try now"]);
  pigeons.close("attic");
  expect(await tellOverdue({ db: office.db, announcers }, request, event, "alerts", false)).toEqual({
    outcome: "never",
    why: "the loft attic is closed",
  });
});

async function approves(requestId: string): Promise<void> {
  const answer = await decideRequest(
    { ...office, policy: () => policy },
    { requestId, by: bob, verdict: { type: "approve" }, key: "click" },
  );
  expect(answer).toMatchObject({ decided: true });
}

async function onlyRequest(): Promise<{ readonly id: string }> {
  const [request] = await office.db.accessRequest.findMany();
  if (!request) throw new Error("nobody asked");
  return request;
}

it("a destination on Slack is the same with its surface before it and without, and another surface has to be there", () => {
  const written = (channel: string): Policy =>
    policyFrom(`{ version: 1, settings: { channel: "${channel}" } }`);
  expect(written("slack:#orders").settings.channel).toBe("#orders");
  expect(written("slack:C024BE91L").settings.alerts).toBe("C024BE91L");
  expect(() => written("teams:#orders")).toThrow(/expected a channel/);
});
