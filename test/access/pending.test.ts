import type { AccessAsk } from "../../src/access/requests/access-ask.ts";
import { cancelRequest } from "../../src/access/requests/cancel-request.ts";
import { type AccessAnswer, requestAccess } from "../../src/access/requests/request-access.ts";
import type { Caller } from "../../src/identity/caller.ts";
import { type Office, openOffice } from "../support/access.ts";
import { alice, bob } from "../support/build.ts";
import { ordinaryPolicy } from "../support/hallpass.ts";

const max = 3;
const erin: Caller = { email: "erin@example.com", name: "Erin", account: "UERIN" };

let office: Office;
beforeEach(async () => {
  office = await openOffice({
    policy: (names) => ordinaryPolicy(names).replace("settings: {", `settings: { max_pending: ${max},`),
  });
});
afterEach(() => office.close());

function ask(over: Partial<AccessAsk> = {}): Promise<AccessAnswer> {
  const asked = { requester: alice, resource: "orders-db", role: "read", durationSeconds: 3600 } as const;
  return requestAccess(office, { ...asked, reason: "a look", source: "slack", ...over });
}

const outcomes = (answers: readonly AccessAnswer[]): readonly string[] =>
  answers.map(({ outcome }) => outcome).toSorted();

async function pending(): Promise<number> {
  return office.db.accessRequest.count({ where: { status: "pending" } });
}

test("so many wait and no more, also of those that are filed at the same instant", async () => {
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, index) => ask({ reason: `reason ${index}` })),
  );
  expect(outcomes(answers)).toEqual([...Array(max).fill("filed"), ...Array(12 - max).fill("refused")]);
  expect(await pending()).toBe(max);
  const refused = answers.find(({ outcome }) => outcome === "refused");
  expect(refused).toMatchObject({ refusals: [{ kind: "too_many_pending", max, waiting: max }] });
  expect(await ask({ requester: bob })).toMatchObject({ outcome: "filed" });
});

test("once one is decided another may be asked for, and what is allowed at once is never in the way", async () => {
  const filed = await Promise.all(
    ["one", "two", "three"].map((reason) => ask({ requester: erin, role: "write", reason })),
  );
  expect(outcomes(filed)).toEqual(["filed", "filed", "filed"]);
  expect(await ask({ requester: erin, role: "write", reason: "four" })).toMatchObject({ outcome: "refused" });
  // A rule allows it.
  expect(await ask({ requester: erin })).toMatchObject({ outcome: "filed", request: { status: "approved" } });
  const [first] = filed;
  if (first?.outcome !== "filed") throw new Error(first?.outcome);
  await cancelRequest(office, { requestId: first.request.id, by: erin, key: "cancel" });
  expect(await ask({ requester: erin, role: "write", reason: "four" })).toMatchObject({ outcome: "filed" });
});

test("the very same ask refers to the one that waits, also at the same instant, and nothing is recorded", async () => {
  const answers = await Promise.all([ask(), ask(), ask()]);
  expect(outcomes(answers)).toEqual(["filed", "waits_already", "waits_already"]);
  const filed = answers.find(({ outcome }) => outcome === "filed");
  if (filed?.outcome !== "filed") throw new Error("none is filed");
  const others = answers.filter(({ outcome }) => outcome === "waits_already");
  const { number } = filed.request;
  expect(others).toEqual(others.map(() => ({ outcome: "waits_already", number })));
  expect((await office.events()).filter((type) => type.startsWith("request."))).toEqual(["request.created"]);
  expect(await office.db.accessRequest.count()).toBe(1);
});

test("what differs in anything is another request", async () => {
  await ask();
  const others = await Promise.all([ask({ requester: bob }), ask({ durationSeconds: 1800 })]);
  expect(outcomes(others)).toEqual(["filed", "filed"]);
  expect(outcomes([await ask({ ticket: "INC-7" })])).toEqual(["filed"]);
});

test("an interaction that is delivered again is answered as before, filed or refused for there are too many", async () => {
  const first = await ask({ dedupeKey: "first" });
  if (first.outcome !== "filed") throw new Error(first.outcome);
  const { number } = first.request;
  expect(await ask({ dedupeKey: "first" })).toEqual({ outcome: "repeated", number });
  for (const reason of ["two", "three"]) await ask({ reason });
  expect(await ask({ dedupeKey: "first" })).toEqual({ outcome: "repeated", number });
  const refused = await ask({ reason: "four", dedupeKey: "fourth" });
  expect(refused.outcome).toBe("refused");
  expect(await ask({ reason: "four", dedupeKey: "fourth" })).toEqual(refused);
});
