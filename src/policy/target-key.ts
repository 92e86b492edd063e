/** A key that is equal for the same target of the same provider, in whatever order the target's keys are written. */
export function targetKey(provider: string, target: unknown): string {
  return JSON.stringify([provider, target], (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
