import { overdueEvent, overdueStep } from "../../src/domain/grant/overdue.ts";
import { buildGrant, buildState, grantId, t0 } from "../support/build.ts";

const minute = 60;
const hour = 3_600;

it.each([
  [0, 0],
  [59.9, 0],
  [1 * minute, 1],
  [5 * minute - 1, 1],
  [5 * minute, 2],
  [15 * minute, 3],
  [hour, 4],
  [4 * hour - 1, 4],
  [4 * hour, 5],
  [8 * hour, 6],
  [24 * hour, 10],
])("%d s late is step %d", (seconds, step) => {
  expect(overdueStep(seconds)).toBe(step);
});

it("a step never comes before an earlier one", () => {
  const steps = Array.from({ length: 2_000 }, (_, index) => overdueStep(index * 30));
  expect(steps).toEqual(steps.toSorted((one, other) => one - other));
});

it("names who may have what, and says nothing of attempts there were none of", () => {
  const state = buildState("approved", buildGrant("active"));
  const event = overdueEvent(state, grantId, {
    since: t0,
    lateSeconds: 61.5,
    step: 1,
    now: t0,
    failure: undefined,
  });
  expect(event.data).toEqual({
    access: `${state.request.resource}:${state.request.role}`,
    provider: state.grants[0]?.provider,
    subject: state.grants[0]?.subject,
    since: t0.toISOString(),
    lateSeconds: 61,
    step: 1,
    attempts: 0,
  });
});
