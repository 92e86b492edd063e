import { z } from "zod";
import { defineProvider, type ProviderDefinition } from "../../src/providers/define.ts";
import type { Provider } from "../../src/providers/provider.ts";

/** A definition whose provider does as it is told, and answers everything else with nothing. */
export function fakeDefinition(
  calls: Partial<Provider<{ role: string }>> = {},
  more: Partial<ProviderDefinition> = {},
): ProviderDefinition {
  const provider: Provider<{ role: string }> = {
    identity: () => Promise.resolve("fake-1"),
    prepare: (subject, { role }) =>
      Promise.resolve({ subjectId: subject, targetId: role, state: {}, isHeld: false }),
    grant: (_subject, _target, _until, state) => Promise.resolve({ state }),
    revoke: () => Promise.resolve({ keptBy: [] }),
    holds: () => Promise.resolve(false),
    check: () => Promise.resolve([]),
    close: () => Promise.resolve(),
    ...calls,
  };
  return {
    ...defineProvider({
      type: "fake",
      title: "nothing",
      options: z.looseObject({}),
      target: z.strictObject({ role: z.string({ error: "expected a role" }) }),
      subject: z.string(),
      create: () => provider,
    }),
    ...more,
  };
}
