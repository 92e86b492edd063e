import { give, persist, refusal, rule, type Rule, stored, until } from "./rule.ts";

/** Before something is given, and giving it. */
export const giving: readonly Rule[] = [
  rule("it has the methods that its kind has, and no other", [], ({ definition, provider }) => {
    const optional = ["lastUsed", "holders", "mustKeep"] as const;
    const had = optional.filter((name) => typeof provider[name] === "function");
    const said = (definition.can ?? []).filter((name) => name !== "handover");
    expect(said.toSorted()).toEqual(had.toSorted());
    return Promise.resolve();
  }),

  rule("it takes its targets, and refuses what is none", [], ({ definition, target, otherTarget }) => {
    expect(definition.target.parse(target)).toEqual(target);
    expect(definition.target.parse(otherTarget)).toEqual(otherTarget);
    const surplus = typeof target === "object" ? { ...target, surplus: true } : [target];
    for (const none of [surplus, {}, undefined, null, "", 7])
      expect(definition.target.safeParse(none).success).toBe(false);
    return Promise.resolve();
  }),

  rule("it brings every spelling of a name to one, and refuses what is no name", [], (it) => {
    const read = (text: string): unknown => it.definition.subject.safeParse(text).data;
    for (const name of [it.subject, it.bystander, it.stranger]) expect(read(name)).toBe(name);
    expect(it.spellings.map(read)).toEqual(it.spellings.map(() => it.subject));
    expect([...it.noNames, ""].map(read)).toEqual([...it.noNames, ""].map(() => undefined));
    return Promise.resolve();
  }),

  rule("it is asked first, which changes nothing", [], async (it) => {
    const { provider, subject, bystander, target, otherTarget } = it;
    const before = await provider.holders?.(target);
    const prepared = await provider.prepare(subject, target);
    expect(prepared).toMatchObject({ isHeld: false });
    expect(stored(prepared.state)).toEqual(prepared.state);
    expect(await it.look(subject, target)).toBe(false);
    expect(await provider.holders?.(target)).toEqual(before);
    const ids = async (who: string, what: unknown): Promise<readonly string[]> => {
      const { subjectId, targetId } = await provider.prepare(who, what);
      return [subjectId, targetId];
    };
    const [same, other] = [await ids(subject, target), await ids(bystander, otherTarget)];
    expect(same).toEqual([prepared.subjectId, prepared.targetId]);
    expect(other[0]).not.toBe(same[0]);
    expect(other[1]).not.toBe(same[1]);
    expect([...same, ...other]).not.toContain("");
  }),

  rule("it refuses for good, when asked first, somebody it does not know", [], async (it) => {
    expect(await refusal(it.provider.prepare(it.stranger, it.target))).toMatchObject({ retryable: false });
    expect(await it.look(it.stranger, it.target)).toBe(false);
  }),

  rule(
    "it refuses for good, when asked first, whoever and whatever must not be granted",
    ["refused"],
    async (it) => {
      for (const { subject, target, words } of it.refused) {
        const error = await refusal(it.provider.prepare(subject, target));
        expect(error).toMatchObject({ retryable: false, message: expect.stringMatching(words) });
      }
    },
  ),

  rule("it gives what it is told to, to whom it is told to, and nothing else", [], async (it) => {
    const { state } = await give(it, it.subject, it.target);
    expect(await it.look(it.subject, it.target)).toBe(true);
    expect(await it.look(it.subject, it.otherTarget)).toBe(false);
    expect(await it.look(it.bystander, it.target)).toBe(false);
    const words = it.provider.howToUse?.(it.subject, it.target, state);
    expect(words === undefined || words.trim() !== "").toBe(true);
  }),

  rule("it gives again what is given, as after a crash, and takes all of it", [], async (it) => {
    const { prepared, state } = await give(it, it.subject, it.target);
    const { state: again } = await it.provider.grant(it.subject, it.target, until, stored(prepared.state));
    const later = new Date(until.getTime() + 3_600_000);
    const { state: extended } = await it.provider.grant(it.subject, it.target, later, stored(again));
    expect(stored(extended)).toEqual(extended);
    expect(await it.look(it.subject, it.target)).toBe(true);
    await it.provider.revoke(it.subject, it.target, stored(state));
    expect(await it.look(it.subject, it.target)).toBe(false);
  }),

  rule(
    "it asks for what it takes in the form, takes that, and refuses anything else",
    ["input"],
    async (it) => {
      const { options, typed, unfit } = it.input;
      const schema = it.definition.input?.(options);
      for (const field of Object.values(schema?.shape ?? {}))
        expect(field.meta()).toMatchObject({ title: expect.stringMatching(/./u) });
      expect(schema?.parse(typed)).toEqual(typed);
      for (const each of [...unfit, {}, { ...typed, surplus: "text" }])
        expect(schema?.safeParse(each).success).toBe(false);
      await give(it, it.subject, it.target);
      expect(await it.input.hasArrived(it.subject, it.target)).toBe(true);
    },
    "input",
  ),

  rule(
    "it hands over what works, in place of what it handed over before, and not for longer than the access",
    ["opens"],
    async (it) => {
      const { prepared, state, handover } = await give(it, it.subject, it.target);
      expect(handover).toEqual({ title: expect.stringMatching(/./u), text: expect.stringMatching(/./u) });
      const first = handover?.text ?? "";
      expect(await it.opens(first)).toBe(true);
      expect(handover?.title).not.toContain(first);
      expect(JSON.stringify([prepared, state])).not.toContain(first);
      // The first answer may have been lost.
      const again = await it.provider.grant(it.subject, it.target, until, stored(prepared.state));
      expect(await it.opens(again.handover?.text ?? "")).toBe(true);
      await it.provider.revoke(it.subject, it.target, stored(again.state));
      for (const text of [first, again.handover?.text ?? ""]) expect(await it.opens(text)).toBe(false);
    },
    "handover",
  ),

  rule("it does the same for many at once", [], async (it) => {
    const pairs = [it.subject, it.bystander].flatMap((subject) =>
      [it.target, it.otherTarget].map((target) => ({ subject, target })),
    );
    const given = await Promise.all(pairs.map(({ subject, target }) => give(it, subject, target)));
    for (const { subject, target } of pairs) expect(await it.look(subject, target)).toBe(true);
    await Promise.all(
      pairs.map(({ subject, target }, index) =>
        it.provider.revoke(subject, target, given[index]?.state ?? {}),
      ),
    );
    for (const { subject, target } of pairs) expect(await it.look(subject, target)).toBe(false);
  }),

  rule(
    "it knows everybody and everything by their names, however those are written",
    ["awkward"],
    async (it) => {
      for (const { subject, target } of it.awkward) {
        expect(it.definition.subject.parse(subject)).toBe(subject);
        expect(it.definition.target.parse(target)).toEqual(target);
        const { prepared, state } = await give(it, subject, target);
        expect(await it.look(subject, target)).toBe(true);
        expect(await it.provider.holds(subject, target, state)).toBe(true);
        if (it.provider.holders)
          expect(await it.provider.holders(target)).toContainEqual(
            expect.objectContaining({
              subject,
              subjectId: prepared.subjectId,
              targetId: prepared.targetId,
            }),
          );
        await it.provider.revoke(subject, target, state);
        expect(await it.look(subject, target)).toBe(false);
      }
    },
  ),

  rule("it gives nothing to somebody who has left since it was asked", ["newcomer"], async (it) => {
    const { subject, leave } = await it.newcomer();
    const { state } = await it.provider.prepare(subject, it.target);
    await leave();
    await refusal(it.provider.grant(subject, it.target, until, state));
    expect(await it.look(subject, it.target)).toBe(false);
  }),

  rule(
    "it says that something is given once it is there, and till then that it is being made",
    ["showsLater"],
    async (it) => {
      const { state } = await it.provider.prepare(it.subject, it.target);
      it.showsLater(3);
      const given = await persist(
        () => it.provider.grant(it.subject, it.target, until, state),
        10,
        (error) => expect(error).toMatchObject({ retryable: true, isPending: true }),
      );
      expect(await it.provider.holds(it.subject, it.target, given)).toBe(true);
      expect(await it.look(it.subject, it.target)).toBe(true);
    },
  ),

  rule("it does not say that something is given which is not", ["ignores"], async (it) => {
    const { state } = await it.provider.prepare(it.subject, it.target);
    it.ignores();
    expect(await refusal(it.provider.grant(it.subject, it.target, until, state))).toMatchObject({
      retryable: true,
    });
  }),
];
