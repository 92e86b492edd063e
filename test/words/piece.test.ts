import { bold, code, listed, plainText } from "../../src/words/piece.ts";
import { alice, t0 } from "../support/build.ts";

it("reads as plain text: people by their address, times in UTC, and nothing of what is left out", () => {
  const pieces = [bold("AR-1"), " of ", alice, undefined, " until ", t0, " as ", code("alice")];
  expect(plainText(pieces)).toBe("AR-1 of alice@example.com until 3 Mar 2026, 03:00 UTC as alice");
});

it("cuts a name of any length, and no sentence of ours", () => {
  const long = "x".repeat(300);
  expect(plainText([code(long)])).toBe(`${"x".repeat(199)}…`);
  expect(plainText([long])).toBe(long);
});

it("lists people as one says it", () => {
  const texts = [[], ["a"], ["a", "b"], ["a", "b", "c"]].map((names) => plainText(listed(names, "or")));
  expect(texts).toEqual(["", "a", "a or b", "a, b or c"]);
});
