import { createQuiet, type Quiet } from "../../src/audit/chain/quiet.ts";

/** Looks each second from one to another; the seconds in which it was worth it. */
function looks(quiet: Quiet, newest: number, from: number, until: number): readonly number[] {
  const worth: number[] = [];
  for (let second = from; second < until; second += 1) {
    if (!quiet.isOver(newest, second * 1000)) continue;
    worth.push(second);
    quiet.looked(second * 1000);
  }
  return worth;
}

it("each second is looked for events while new ones come, and ten seconds more for those that are late", () => {
  const quiet = createQuiet();
  expect(looks(quiet, 1, 0, 5)).toEqual([0, 1, 2, 3, 4]);
  expect(looks(quiet, 2, 5, 15)).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
});

it("then every ten seconds, and at once when something new has come", () => {
  const quiet = createQuiet();
  looks(quiet, 1, 0, 10);
  expect(looks(quiet, 1, 10, 60)).toEqual([19, 29, 39, 49, 59]);
  expect(looks(quiet, 2, 60, 61)).toEqual([60]);
});

it("a look that failed is made again at once", () => {
  const quiet = createQuiet();
  looks(quiet, 1, 0, 19);
  expect(quiet.isOver(1, 19_000)).toBe(true);
  expect(quiet.isOver(1, 20_000)).toBe(true);
});
