import { expect, test } from "@jest/globals";
import { runHistories } from "./run.ts";

/** What a run has to have come through, or it has tried nothing. */
const wanted = [
  "approval.given",
  "break_glass.reviewed",
  "decision.refused",
  "grant.active",
  "grant.extended",
  "grant.failed",
  "grant.landed_late",
  "grant.revoked",
  "request.denied",
  "request.expired",
  "revocation.failed",
];

test("whatever happens in whatever order, what is seen from outside is as it must be", async () => {
  const { ran, failure, recorded } = await runHistories({
    histories: 150,
    seed: 20261121,
    shrinkMs: 20_000,
  });
  expect(failure).toBeUndefined();
  expect(ran).toBe(150);
  expect([...recorded.keys()]).toEqual(expect.arrayContaining(wanted));
}, 900_000);
