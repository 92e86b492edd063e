import { decideRequest } from "../../src/access/requests/decide-request.ts";
import { createStateCache } from "../../src/access/requests/state-cache.ts";
import { requestAccess } from "../../src/access/requests/request-access.ts";
import type { AccessRequest } from "../../src/domain/request/request.ts";
import { type Office, openOffice } from "../support/access.ts";
import { alice, bob, buildState, carol } from "../support/build.ts";

let office: Office;
beforeEach(async () => {
  office = await openOffice();
});
afterEach(() => office?.close());

async function filed(): Promise<AccessRequest> {
  const answer = await requestAccess(office, {
    requester: alice,
    resource: "orders-db",
    role: "read",
    durationSeconds: 3600,
    reason: "because of INC-7",
    ticket: "INC-7",
    source: "slack",
  });
  if (answer.outcome !== "filed") throw new Error(JSON.stringify(answer));
  return answer.request;
}

const approval = (id: string, by = bob): Parameters<typeof decideRequest>[1] => ({
  requestId: id,
  by,
  verdict: { type: "approve" },
  key: `click ${by.email}`,
});

/** The same office, as another process with a memory of its own sees it. */
const elsewhere = (): Office => ({ ...office, recent: createStateCache() });

describe("what is remembered of a request", () => {
  it("is what the database would say, after each transition", async () => {
    const { id } = await filed();
    expect(office.recent.get(id)).toEqual(await office.state(id));
    await decideRequest(office, approval(id));
    expect(office.recent.get(id)).toEqual(await office.state(id));
    await office.drain();
    expect(office.recent.get(id)).toEqual(await office.state(id));
  });

  it("is not believed once another process has changed it", async () => {
    const { id } = await filed();
    const stale = office.recent.get(id);
    await decideRequest(elsewhere(), { ...approval(id), verdict: { type: "deny", reason: "no" } });
    expect(office.recent.get(id)).toBe(stale);
    expect(await decideRequest(office, approval(id, carol))).toMatchObject({
      decided: false,
      refusal: "already_denied",
    });
    expect((await office.state(id)).grants).toEqual([]);
  });

  it("refuses nobody by itself: what was decided elsewhere is looked up first", async () => {
    const { id } = await filed();
    const pending = office.recent.get(id);
    await decideRequest(office, approval(id));
    const approved = await office.state(id);
    // As if this process had heard of a decision that the database does not know.
    if (pending) office.recent.set({ ...pending, request: { ...pending.request, status: "denied" } });
    expect(await decideRequest(office, approval(id, carol))).toMatchObject({ refusal: "already_approved" });
    expect(await office.state(id)).toEqual(approved);
  });

  it("one of two processes that approve at the same instant approves", async () => {
    const { id } = await filed();
    const other = elsewhere();
    const remembered = office.recent.get(id);
    if (remembered) other.recent.set(remembered);
    const answers = await Promise.all([
      decideRequest(office, approval(id)),
      decideRequest(other, approval(id, carol)),
    ]);
    expect(answers.filter(({ decided }) => decided)).toHaveLength(1);
    expect((await office.events()).filter((type) => type === "request.approved")).toHaveLength(1);
  });

  it("is forgotten in the order in which it was last used", () => {
    const recent = createStateCache();
    const { request } = buildState("pending");
    const set = (id: string): void => recent.set({ request: { ...request, id }, grants: [] });
    for (let number = 0; number < 10_000; number += 1) set(String(number));
    set("0");
    set("one more");
    expect(recent.get("0")).toBeDefined();
    expect(recent.get("1")).toBeUndefined();
  });
});
