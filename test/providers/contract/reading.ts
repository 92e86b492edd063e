import { give, refusal, rule, type Rule } from "./rule.ts";

/** Saying what is. */
export const reading: readonly Rule[] = [
  rule("it says what is held by looking, and not from memory", [], async (it) => {
    const { provider, subject, bystander, target } = it;
    const { state: before } = await provider.prepare(subject, target);
    const { state: bystanders } = await provider.prepare(bystander, target);
    expect(await provider.holds(subject, target, before)).toBe(false);
    const { state } = await give(it, subject, target);
    expect(await provider.holds(subject, target, state)).toBe(true);
    expect(await it.create().holds(subject, target, before)).toBe(true);
    expect(await provider.holds(bystander, target, bystanders)).toBe(false);
    await it.clear();
    expect(await provider.holds(subject, target, state)).toBe(false);
  }),

  rule(
    "it says who holds something, all of them and nobody else, by the ids it says when asked first",
    [],
    async (it) => {
      // Who gave it is said only where the system knows.
      const holders = async (target: unknown) =>
        ((await it.provider.holders?.(target)) ?? []).map(({ subject, subjectId, targetId }) => ({
          subject,
          subjectId,
          targetId,
        }));
      const before = await holders(it.target);
      const both = await Promise.all([it.subject, it.bystander].map((one) => give(it, one, it.target)));
      const ours = [it.subject, it.bystander].map((subject, index) => ({
        subject,
        subjectId: both[index]?.prepared.subjectId,
        targetId: both[index]?.prepared.targetId,
      }));
      const now = await holders(it.target);
      expect(now).toHaveLength(before.length + 2);
      expect(now).toEqual(expect.arrayContaining([...before, ...ours]));
      expect(await holders(it.otherTarget)).not.toContainEqual(ours[0]);
      await it.provider.revoke(it.subject, it.target, both[0]?.state ?? {});
      const left = await holders(it.target);
      expect(left).toHaveLength(before.length + 1);
      expect(left).toContainEqual(ours[1]);
    },
    "holders",
  ),

  rule(
    "it shows no use of what nobody has used",
    [],
    async (it) => {
      const { state } = await give(it, it.subject, it.target);
      expect(await it.provider.lastUsed?.(it.subject, it.target, state)).toBeUndefined();
    },
    "lastUsed",
  ),

  rule(
    "it shows when somebody used what they hold, and whose use that was",
    ["use"],
    async (it) => {
      const { state } = await give(it, it.subject, it.target);
      const { state: other } = await give(it, it.bystander, it.target);
      // A system's clock may tell whole seconds, and be a little off.
      const before = Date.now() - 5_000;
      await it.use(it.subject, it.target);
      const used = await it.provider.lastUsed?.(it.subject, it.target, state);
      expect(used?.getTime()).toBeGreaterThan(before);
      expect(used?.getTime()).toBeLessThan(Date.now() + 5_000);
      expect(await it.provider.lastUsed?.(it.bystander, it.target, other)).toBeUndefined();
    },
    "lastUsed",
  ),

  rule(
    "it says of nobody ordinary that they must keep what they have",
    [],
    async (it) => {
      await give(it, it.subject, it.target);
      expect(await it.provider.mustKeep?.(it.subject, it.target)).toBeUndefined();
    },
    "mustKeep",
  ),

  rule(
    "it says from whom something may not be taken, and why",
    ["kept"],
    async (it) => {
      for (const { subject, target, words } of it.kept)
        expect(await it.provider.mustKeep?.(subject, target)).toMatch(words);
    },
    "mustKeep",
  ),

  rule("it says that it is ready", [], async (it) => {
    expect(await it.provider.check([it.target, it.otherTarget])).toEqual([]);
    expect(await it.provider.check([])).toEqual([]);
  }),

  rule("it says which right it lacks, when it is checked", ["withoutRights"], async (it) => {
    for (const { lacks, words, provider, close } of await it.withoutRights()) {
      const { message } = await refusal(provider.check([it.target]));
      // Which of them it was about.
      expect({ lacks, message }).toEqual({ lacks, message: expect.stringMatching(words) });
      await close();
    }
  }),

  rule(
    "it does not take an answer that breaks off for one that says nothing is held",
    ["breaksOff"],
    async (it) => {
      const { state } = await give(it, it.subject, it.target);
      it.breaksOff();
      await refusal(it.provider.holds(it.subject, it.target, state));
      expect(await it.provider.holds(it.subject, it.target, state)).toBe(true);
    },
  ),

  rule("it does not take what is hidden from it for gone", ["hides"], async (it) => {
    const { state } = await give(it, it.subject, it.target);
    await it.hides();
    await refusal(it.provider.holds(it.subject, it.target, state));
    await refusal(it.provider.revoke(it.subject, it.target, state));
  }),
];
