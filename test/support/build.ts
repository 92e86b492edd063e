import type { State } from "../../src/domain/state.ts";
import type { Grant, GrantStatus } from "../../src/domain/grant/grant.ts";
import type { Person } from "../../src/domain/person.ts";
import type { AccessRequest, RequestStatus } from "../../src/domain/request/request.ts";

/** People and moments that tests share. */
export const alice: Person = { id: 1, email: "alice@example.com", name: "Alice", account: "UALICE" };
export const bob: Person = { id: 2, email: "bob@example.com", name: "Bob", account: "UBOB" };
export const carol: Person = { id: 3, email: "carol@example.com", name: "Carol", account: "UCAROL" };
export const t0 = new Date("2026-03-03T03:00:00.000Z");

export function after(seconds: number): Date {
  return new Date(t0.getTime() + seconds * 1000);
}

export const grantId = "01970000-0000-7000-8000-00000000000a";

export function buildRequest(over: Partial<AccessRequest> = {}): AccessRequest {
  return {
    id: "01970000-0000-7000-8000-000000000001",
    number: 1042,
    version: 1,
    status: "pending",
    source: "slack",
    requester: alice,
    resource: "orders-db",
    role: "write",
    durationSeconds: 3600,
    reason: "fixing INC-42",
    policyVersion: "hash",
    rule: "writing takes a lead",
    terms: {
      verdict: "review",
      resourceTitle: "Orders database",
      roleTitle: "Read and write",
      risk: "high",
      channel: "#orders-approvals",
      alerts: "#access-alerts",
      steps: [{ count: 1, from: ["group:leads"], approvers: [bob.email, carol.email] }],
    },
    planned: [{ grantId, provider: "orders-postgres", subject: "alice", target: { role: "orders_write" } }],
    decisions: [],
    createdAt: t0,
    respondBy: after(7200),
    ...over,
  };
}

export function buildGrant(status: GrantStatus, over: Partial<Grant> = {}): Grant {
  const base: Grant = {
    id: grantId,
    requestId: "01970000-0000-7000-8000-000000000001",
    status,
    provider: "orders-postgres",
    subject: "alice",
    target: { role: "orders_write" },
    durationSeconds: 3600,
    revokeAttempts: 0,
  };
  const lived = { askedAt: t0, activeAt: t0, expiresAt: after(3600), state: {} };
  switch (status) {
    case "granting":
      return { ...base, ...over };
    case "active":
      return { ...base, ...lived, ...over };
    case "revoking":
      return { ...base, ...lived, revokeReason: "expired", ...over };
    case "revoked":
      return { ...base, ...lived, revokeReason: "expired", revokedAt: after(3601), ...over };
  }
}

/** A request in a status, with its grant where the status has one. */
export function buildState(status: RequestStatus, grant?: Grant): State {
  return { request: buildRequest({ status }), grants: grant ? [grant] : [] };
}
