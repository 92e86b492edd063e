import { expect, test } from "@jest/globals";
import { runHistories } from "./run.ts";

// A file of its own, for Jest runs files side by side and not tests.
test("the same for other histories", async () => {
  const { ran, failure } = await runHistories({ histories: 20, seed: 4711, shrinkMs: 20_000 });
  expect(failure).toBeUndefined();
  expect(ran).toBe(20);
}, 900_000);
