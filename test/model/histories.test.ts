import { expect, test } from "@jest/globals";
import { runHistories } from "./run.ts";

/** What a run has to have come through, or it has tried nothing. */
const wanted = [
  "approval.given",
  "decision.refused",
  "grant.active",
  "grant.failed",
  "grant.landed_late",
  "grant.revoked",
];

test("whatever happens in whatever order, what is seen from outside is as it must be", async () => {
  const { ran, failure, recorded } = await runHistories({
    histories: 20,
    seed: 20261121,
    shrinkMs: 20_000,
  });
  expect(failure).toBeUndefined();
  expect(ran).toBe(20);
  expect([...recorded.keys()]).toEqual(expect.arrayContaining(wanted));
}, 900_000);
