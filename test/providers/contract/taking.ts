import { give, persist, refusal, rule, type Rule, stored } from "./rule.ts";

/** Taking away what is ours, and nothing else. */
export const taking: readonly Rule[] = [
  rule("it takes what it gave, whoever else holds the same and whatever else is held", [], async (it) => {
    const ours = await give(it, it.subject, it.target);
    const other = await give(it, it.subject, it.otherTarget);
    await give(it, it.bystander, it.target);
    expect(await it.provider.revoke(it.subject, it.target, stored(ours.state))).toMatchObject({ keptBy: [] });
    expect(await it.look(it.subject, it.target)).toBe(false);
    expect(await it.look(it.subject, it.otherTarget)).toBe(true);
    expect(await it.look(it.bystander, it.target)).toBe(true);
    await it.provider.revoke(it.subject, it.otherTarget, other.state);
    expect(await it.look(it.subject, it.otherTarget)).toBe(false);
  }),

  rule("it takes again what is gone, and what was never given, without a word", [], async (it) => {
    const { prepared, state } = await give(it, it.subject, it.target);
    await it.provider.revoke(it.subject, it.target, state);
    expect(await it.provider.revoke(it.subject, it.target, state)).toMatchObject({ keptBy: [] });
    expect(await it.provider.revoke(it.subject, it.target, prepared.state)).toMatchObject({ keptBy: [] });
    await give(it, it.subject, it.target);
    await it.clear();
    expect(await it.provider.revoke(it.subject, it.target, state)).toMatchObject({ keptBy: [] });
  }),

  rule("it leaves what somebody had before, and says by what they have it", ["others"], async (it) => {
    await it.others.give(it.subject, it.target);
    const { prepared, state } = await give(it, it.subject, it.target);
    expect(prepared.isHeld).toBe(true);
    const { keptBy } = await it.provider.revoke(it.subject, it.target, stored(state));
    expect(keptBy).toHaveLength(1);
    expect(await it.look(it.subject, it.target)).toBe(true);
    await it.others.take(it.subject, it.target);
    expect(await it.look(it.subject, it.target)).toBe(false);
    expect(await it.provider.revoke(it.subject, it.target, state)).toMatchObject({ keptBy: [] });
  }),

  rule(
    "it leaves what others gave meanwhile, takes what is ours, and says who gave the rest",
    ["others", "tellsGiversApart"],
    async (it) => {
      const { state } = await give(it, it.subject, it.target);
      await it.others.give(it.subject, it.target);
      const { keptBy } = await it.provider.revoke(it.subject, it.target, stored(state));
      expect(keptBy).toHaveLength(1);
      expect(await it.look(it.subject, it.target)).toBe(true);
      await it.others.take(it.subject, it.target);
      expect(await it.look(it.subject, it.target)).toBe(false);
    },
  ),

  rule("it takes from somebody who has another name since", ["renameSubject"], async (it) => {
    const { state } = await give(it, it.subject, it.target);
    const renamed = await it.renameSubject(it.subject);
    expect(await it.provider.holds(it.subject, it.target, state)).toBe(true);
    await it.provider.revoke(it.subject, it.target, stored(state));
    expect(await it.look(renamed, it.target)).toBe(false);
    expect(await it.provider.holds(it.subject, it.target, state)).toBe(false);
  }),

  rule("it takes what has another name since", ["renameTarget"], async (it) => {
    const { state } = await give(it, it.subject, it.target);
    const renamed = await it.renameTarget(it.target);
    expect(await it.provider.holds(it.subject, it.target, state)).toBe(true);
    await it.provider.revoke(it.subject, it.target, stored(state));
    expect(await it.look(it.subject, renamed)).toBe(false);
    expect(await it.provider.holds(it.subject, it.target, state)).toBe(false);
  }),

  rule("it takes from somebody who has left, without a word", ["newcomer"], async (it) => {
    const { subject, leave } = await it.newcomer();
    const { state } = await give(it, subject, it.target);
    await leave();
    expect(await it.provider.revoke(subject, it.target, state)).toMatchObject({ keptBy: [] });
    expect(await it.provider.holds(subject, it.target, state)).toBe(false);
  }),

  rule("it ends the sessions that use what it takes, and nobody else's", ["openSession"], async (it) => {
    const { state } = await give(it, it.subject, it.target);
    await give(it, it.bystander, it.target);
    const session = await it.openSession(it.subject, it.target);
    const other = await it.openSession(it.bystander, it.target);
    await session.use();
    await it.provider.revoke(it.subject, it.target, state);
    await session.ended;
    await expect(session.use()).rejects.toBeInstanceOf(Error);
    await other.use();
    await Promise.all([session.close(), other.close()]);
  }),

  rule("it ends no session where there was nothing to take", ["openSession", "others"], async (it) => {
    const { state: asked } = await it.provider.prepare(it.subject, it.target);
    await it.others.give(it.subject, it.target);
    // Where the system tells givers apart, ours would be one more.
    const theirs = it.tellsGiversApart ? asked : (await give(it, it.subject, it.target)).state;
    const session = await it.openSession(it.subject, it.target);
    await it.provider.revoke(it.subject, it.target, theirs);
    await expect(session.use()).resolves.toBeUndefined();
    await it.others.take(it.subject, it.target);
    await it.provider.revoke(it.subject, it.target, asked);
    await Promise.race([
      session.use().catch(() => undefined),
      session.ended.then(() => expect("ended").toBe("open")),
    ]);
    await session.close();
  }),

  rule("it says that something is gone once it has read that back", ["ignores"], async (it) => {
    const { state } = await give(it, it.subject, it.target);
    it.ignores();
    expect(await refusal(it.provider.revoke(it.subject, it.target, state))).toMatchObject({
      retryable: true,
    });
    expect(await it.look(it.subject, it.target)).toBe(true);
    await it.provider.revoke(it.subject, it.target, state);
    expect(await it.look(it.subject, it.target)).toBe(false);
  }),

  rule("it says that something is gone once the system shows that", ["showsLater"], async (it) => {
    const { state } = await give(it, it.subject, it.target);
    it.showsLater(3);
    await persist(() => it.provider.revoke(it.subject, it.target, state), 10);
    expect(await it.provider.holds(it.subject, it.target, state)).toBe(false);
    expect(await it.look(it.subject, it.target)).toBe(false);
  }),

  rule(
    "it does not say that something is gone which it has no right to take",
    ["withoutRights"],
    async (it) => {
      for (const { provider, close } of await it.withoutRights()) {
        await it.clear();
        const { state } = await give(it, it.subject, it.target);
        const session = await it.openSession?.(it.subject, it.target);
        const isGone = await provider.revoke(it.subject, it.target, state).then(
          () => true,
          () => false,
        );
        expect(isGone && (await it.look(it.subject, it.target))).toBe(false);
        if (isGone) await session?.ended;
        await session?.close();
        await close();
      }
    },
  ),
];
