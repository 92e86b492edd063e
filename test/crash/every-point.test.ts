import { type CrashPoint, crashPoints } from "../../src/crash-point.ts";
import { accessStories } from "./access-stories.ts";
import { decisionStories } from "./decision-stories.ts";

/** Where nothing that runs comes by. */
const unreachable: Partial<Record<CrashPoint, string>> = {
  "before commit of cancel": "no edge sends this command yet",
  "after commit of cancel": "no edge sends this command yet",
};

it("at every crash point there is, a process dies in some story", () => {
  const told = new Set<CrashPoint>(
    [...accessStories, ...decisionStories].flatMap(({ steps }) => steps.map(({ dies }) => dies)),
  );
  expect(crashPoints.filter((point) => !told.has(point) && !(point in unreachable))).toEqual([]);
  expect([...told].filter((point) => point in unreachable)).toEqual([]);
});
