import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { Provider } from "../../../src/providers/provider.ts";
import type { PostgresTarget } from "../../../src/providers/postgres/index.ts";
import { end, openRoles, settings, type Roles } from "./roles.ts";

const until = new Date(Date.now() + 3_600_000);

describe.each(settings)("on PostgreSQL %s, connected as a %s", (version, rights) => {
  let roles: Roles;
  let provider: Provider<PostgresTarget>;

  beforeAll(async () => {
    roles = await openRoles(version, rights);
    provider = roles.provider;
  });

  afterEach(() => roles.dropAll());

  afterAll(() => roles.close());

  const give = async (subject: string, role: string) => {
    const { state } = await provider.prepare(subject, { role });
    return provider.grant(subject, { role }, until, state);
  };

  test("what was granted works, is one row of ours, and is gone without a trace", async () => {
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    const prepared = await provider.prepare(alice, { role: target });
    expect(prepared.isHeld).toBe(false);
    expect(await roles.rows(alice, target)).toEqual([]);
    const state = await provider.grant(alice, { role: target }, until, prepared.state);
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
    expect(await roles.rows(alice, target)).toHaveLength(1);
    expect(await roles.isMember(alice, target)).toBe(true);
    expect(await provider.holds(alice, { role: target }, state)).toBe(true);
    expect(await provider.grant(alice, { role: target }, until, prepared.state)).toEqual(state);
    expect(await provider.revoke(alice, { role: target }, state)).toEqual({ keptBy: [] });
    expect(await roles.rows(alice, target)).toEqual([]);
    expect(await provider.holds(alice, { role: target }, state)).toBe(false);
    expect(await provider.revoke(alice, { role: target }, state)).toEqual({ keptBy: [] });
  });
});
