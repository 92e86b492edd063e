import { z } from "zod";
import { comparePolicies } from "../../src/policy/diff/compare.ts";
import { guardedTargets } from "../../src/policy/guarded.ts";
import { parsePolicy } from "../../src/policy/language/load.ts";
import { wordFault } from "../../src/policy/language/fault.ts";
import type { Policy } from "../../src/policy/policy.ts";
import type { ProviderTypes } from "../../src/policy/language/provider-check.ts";
import { peopleKnownAs } from "../../src/policy/subject.ts";

const role = {
  title: "roles",
  options: z.strictObject({}),
  target: z.strictObject({ role: z.string(), area: z.string().optional() }),
  subject: z.string(),
};
const providerTypes: ProviderTypes = {
  telling: { ...role, can: ["holders", "mustKeep"] },
  silent: { ...role, can: ["holders"] },
};

/** Two resources that share a target, a bundle of both, and one that a silent provider holds. */
function textOf({ settings = "", orders = "", stock = "", mute = "", kit = "" } = {}): string {
  return `version: 1
settings: { channel: "#access", ${settings} }
groups: { all: { members: [ann@example.com, ann@example.org] } }
providers: { one: { type: telling }, two: { type: silent } }
resources:
  orders: { provider: one, ${orders} roles: { read: { grant: { role: r, area: a } }, write: { grant: { role: w } } } }
  stock: { provider: one, ${stock} roles: { read: { grant: { area: a, role: r } } } }
  mute: { provider: two, ${mute} roles: { read: { grant: { role: r } } } }
  kit: { ${kit} roles: { all: { bundle: ["orders:read", "mute:read"] } } }
rules: []
`;
}

function parse(parts: Parameters<typeof textOf>[0]) {
  return parsePolicy([{ name: "p.yml", text: textOf(parts) }], { providerTypes });
}

function policyOf(parts: Parameters<typeof textOf>[0]): Policy {
  const parsed = parse(parts);
  if (!parsed.ok) throw new Error(parsed.faults.map(wordFault).join("\n"));
  return parsed.policy;
}

function guarded(policy: Policy, live: Parameters<typeof guardedTargets>[1] = []): readonly string[] {
  return guardedTargets(policy, live).map(
    ({ provider, access, unknown }) => `${provider} ${access.join(" ")}: ${unknown}`,
  );
}

test("each target is guarded once, under all its names, whatever the order of its keys", () => {
  expect(guarded(policyOf({}))).toEqual([
    "one orders:read stock:read: report",
    "one orders:write: report",
    "two mute:read: report",
  ]);
});

test("a resource's word overrides the settings', in bundles too, and where two disagree it is reported", () => {
  const drift = (unknown: string): string => `drift: { unknown: ${unknown} },`;
  expect(
    guarded(policyOf({ settings: drift("ignore"), orders: drift("adopt"), mute: drift("adopt") })),
  ).toEqual(["one orders:read stock:read: report", "one orders:write: adopt", "two mute:read: adopt"]);
  expect(guarded(policyOf({ orders: drift("remove"), stock: drift("remove") }))[0]).toBe(
    "one orders:read stock:read: remove",
  );
});

test("what only a live grant is for is guarded and reported", () => {
  const live = [
    { provider: "gone", target: { role: "x" }, access: "old:x" },
    { provider: "one", target: { area: "a", role: "r" }, access: "old:read" },
  ];
  const policy = policyOf({ settings: "drift: { unknown: ignore }," });
  expect(guarded(policy, live)).toEqual([
    "one orders:read stock:read: ignore",
    "one orders:write: ignore",
    "two mute:read: ignore",
    "gone old:x: report",
  ]);
});

const remove = "drift: { unknown: remove },";
test.each([
  [
    "where the provider cannot tell from whom it may be taken",
    { mute: remove },
    [
      'p.yml:8:44: expected report, adopt or ignore: a provider of type silent cannot tell from whom "mute" may be taken, got "remove"',
    ],
  ],
  [
    "where another resource of the same target says otherwise",
    { orders: remove },
    [
      'p.yml:6:46: expected the same for "orders" and "stock", which grant the same in one: remove it for both or for neither, got "remove" for one',
    ],
  ],
  [
    "in general, where it may not be for some",
    { settings: remove },
    [
      'p.yml:2:51: expected report, adopt or ignore: a provider of type silent cannot tell from whom "mute" may be taken, got "remove"',
    ],
  ],
  [
    "on a resource without a provider",
    { kit: remove },
    ['p.yml:9:10: expected a "provider" on the resource of drift, got none'],
  ],
])("taking away is refused %s", (_, parts, faults) => {
  const parsed = parse(parts);
  expect(parsed.ok ? [] : parsed.faults.map(wordFault)).toEqual(faults);
});

test.each(["59s", "25h"])("a look every %s is refused", (every) => {
  const parsed = parse({ settings: `drift: { every: ${every} },` });
  expect(parsed.ok ? [] : parsed.faults.map(({ message }) => message)).toEqual([
    `expected a duration from 1m to 24h, got "${every}"`,
  ]);
});

test("a difference between two policies is told", () => {
  const after = policyOf({ settings: "drift: { every: 1h },", orders: "drift: { unknown: adopt }," });
  expect(comparePolicies(policyOf({}), after).map(({ what }) => what)).toEqual([
    "providers are now looked at for drift every 1h (before: 10m)",
    "access to orders that nobody gave in Hallpass: now adopt (before: report)",
  ]);
});

test("whoever a provider knows by a name is named, and each of two that share it", () => {
  const policy = policyOf({});
  expect(peopleKnownAs(policy, "one", "ann")).toEqual(["ann@example.com", "ann@example.org"]);
  expect(peopleKnownAs(policy, "one", "ben")).toEqual([]);
});
