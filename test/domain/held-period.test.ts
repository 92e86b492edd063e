import { heldPeriod } from "../../src/domain/grant/held-period.ts";
import { requestStatuses } from "../../src/domain/request/request.ts";
import { after, buildGrant, buildRequest, t0 } from "../support/build.ts";

const approved = buildRequest({ status: "approved", closedAt: after(60) });
const other = { id: "01970000-0000-7000-8000-00000000000b" };
const failed = { revokeReason: "failed", revokedAt: after(9000) } as const;

describe("a request gave access", () => {
  it.each([
    ["from its approval while nothing was begun", [], { since: after(60) }],
    ["from its approval while it is being granted", [buildGrant("granting")], { since: after(60) }],
    [
      "from when the first of it was there",
      [buildGrant("active", { activeAt: after(90) })],
      { since: after(90) },
    ],
    ["until it is proven gone, and not until it should be", [buildGrant("revoking")], { since: t0 }],
    ["also where it failed, until that is proven gone", [buildGrant("revoking", failed)], { since: t0 }],
    ["until it was proven gone", [buildGrant("revoked")], { since: t0, until: after(3601) }],
    ["while any of it is there", [buildGrant("revoked"), buildGrant("active", other)], { since: t0 }],
    [
      "until the last of it was gone, and what failed is no part of it",
      [
        buildGrant("revoked"),
        buildGrant("revoked", { ...other, revokedAt: after(5000) }),
        buildGrant("revoked", failed),
      ],
      { since: t0, until: after(5000) },
    ],
    ["never, where all of it failed", [buildGrant("revoked", failed)], undefined],
  ])("%s", (_, grants, period) => {
    expect(heldPeriod({ request: approved, grants })).toEqual(period);
  });

  it("only once it is approved", () => {
    const others = requestStatuses.filter((status) => status !== "approved");
    for (const status of others)
      expect(heldPeriod({ request: { ...approved, status }, grants: [] })).toBeUndefined();
  });

  it("not where it asks that other access lasts longer", () => {
    const terms = { ...approved.terms, extends: { requestId: approved.id, number: 1042, place: 0 } };
    expect(heldPeriod({ request: { ...approved, terms }, grants: [] })).toBeUndefined();
  });
});
