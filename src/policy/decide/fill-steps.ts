/** A step that needs `count` distinct people out of `approvers`. */
type Step = { readonly count: number; readonly approvers: readonly string[] };

/**
 * The first step, from 0, that cannot be filled if each person counts in one step only; `undefined` if all can. Assigns each needed
 * approval by augmenting paths (bipartite matching).
 */
export function firstUnfillable(steps: readonly Step[]): number | undefined {
  const short = steps.findIndex(({ count, approvers }) => approvers.length < count);
  const needed = steps.reduce((sum, { count }) => sum + count, 0);
  // A step that offers as many people as all steps together need can always be filled last.
  const tight = steps
    .map((step, index) => ({ ...step, index }))
    .filter((step) => step.approvers.length < needed);
  const stepOf = new Map<string, (typeof tight)[number]>();
  // Each step is tried once per search, so a search goes no deeper than there are steps, however many people there are.
  const place = (step: (typeof tight)[number], tried: Set<(typeof tight)[number]>): boolean => {
    tried.add(step);
    return step.approvers.some((person) => {
      const other = stepOf.get(person);
      if (other && (tried.has(other) || !place(other, tried))) return false;
      stepOf.set(person, step);
      return true;
    });
  };
  if (short !== -1) return short;
  for (const step of tight) {
    for (let have = 0; have < step.count; have += 1) {
      if (!place(step, new Set())) return step.index;
    }
  }
  return undefined;
}
