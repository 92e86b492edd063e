import { z } from "zod";
import { comparePolicies } from "../../src/policy/diff/compare.ts";
import { wordFault } from "../../src/policy/language/fault.ts";
import { parsePolicy } from "../../src/policy/language/load.ts";
import type { Policy } from "../../src/policy/policy.ts";
import type { ProviderTypes } from "../../src/policy/language/provider-check.ts";
import { peopleKnownAs, subjectFor } from "../../src/policy/subject.ts";

/** Accounts as MySQL writes them: `alice` is `alice@%`, and hosts are in any case. */
const Account = z
  .string()
  .regex(/^[a-z]+(@[\w%.]+)?$/u, { error: "expected NAME or NAME@HOST" })
  .transform((text) => {
    const [name, host = "%"] = text.split("@");
    return `${name}@${host.toLowerCase()}`;
  });

const kind = {
  title: "accounts",
  options: z.strictObject({ domain: z.string().optional() }),
  target: z.strictObject({ role: z.string() }),
  subject: Account,
};
const Domain = z.object({ domain: z.string() });
const providerTypes: ProviderTypes = {
  plain: kind,
  whole: {
    ...kind,
    subject: z.string(),
    subjectFor: (options, email) =>
      email.endsWith(Domain.parse(options).domain) ? email.toUpperCase() : undefined,
  },
};

const textOf = (people: string, members = "ann@example.com, ben@example.com"): string => `version: 1
settings: { channel: "#access" }
people:
${people}
groups: { all: { members: [${members}] } }
providers: { sql: { type: plain }, iam: { type: whole, domain: "@example.com" } }
resources:
  orders: { provider: sql, roles: { read: { grant: { role: r } } } }
rules: []
`;

function parse(people: string, members?: string) {
  return parsePolicy([{ name: "p.yml", text: textOf(people, members) }], { providerTypes });
}

function policyOf(people: string, members?: string): Policy {
  const parsed = parse(people, members);
  if (!parsed.ok) throw new Error(parsed.faults.map(wordFault).join("\n"));
  return parsed.policy;
}

function faultsOf(people: string): readonly string[] {
  const parsed = parse(people);
  return parsed.ok ? [] : parsed.faults.map(wordFault);
}

test("a name that the provider can know nobody by is a fault where it stands", () => {
  expect(faultsOf('  ann@example.com: { iam: Ann, sql: "ann of orders" }')).toEqual([
    'p.yml:4:37: expected NAME or NAME@HOST, got "ann of orders"',
  ]);
});

test("what is no name anywhere is one fault, and so is a name in a provider that there is none of", () => {
  expect(faultsOf('  ann@example.com: { sql: "" }')).toHaveLength(1);
  expect(faultsOf('  ann@example.com: { sqll: "ann of orders" }')).toHaveLength(1);
});

test("a name is known by its one spelling, however it is written", () => {
  const policy = policyOf("  ann@example.com: { sql: anna@LOCALHOST }");
  expect(subjectFor(policy, "sql", "ann@example.com")).toBe("anna@localhost");
  expect(subjectFor(policy, "sql", "ben@example.com")).toBe("ben@%");
});

test("two spellings of one account are one name, and neither of two people has it", () => {
  const policy = policyOf("  ann@example.com: { sql: shared }\n  ben@example.com: { sql: shared@% }");
  expect(subjectFor(policy, "sql", "ann@example.com")).toBeUndefined();
  expect(subjectFor(policy, "sql", "ben@example.com")).toBeUndefined();
  expect(peopleKnownAs(policy, "sql", "shared")).toEqual(["ann@example.com", "ben@example.com"]);
});

test("a name by the address is compared in its one spelling too", () => {
  const policy = policyOf('  ann@example.com: { sql: "ben@%" }');
  expect(subjectFor(policy, "sql", "ann@example.com")).toBeUndefined();
  expect(subjectFor(policy, "sql", "ben@example.com")).toBeUndefined();
});

test("an address that makes no name there is nobody's", () => {
  const policy = policyOf("  ann@example.com: { sql: ann }", "ann@example.com, j.doe@example.com");
  expect(subjectFor(policy, "sql", "j.doe@example.com")).toBeUndefined();
  expect(subjectFor(policy, "sql", "ann@example.com")).toBe("ann@%");
});

test("a kind may make another name of an address, by its provider's options, or none", () => {
  const policy = policyOf("  ann@example.com: { iam: root }");
  expect(subjectFor(policy, "iam", "ben@example.com")).toBe("BEN@EXAMPLE.COM");
  expect(subjectFor(policy, "iam", "ben@example.org")).toBeUndefined();
  expect(subjectFor(policy, "iam", "ann@example.com")).toBe("root");
});

test("another spelling of a name, and options in another order, are no change", () => {
  const changes = comparePolicies(
    policyOf("  ann@example.com: { sql: ann }"),
    policyOf('  ann@example.com: { sql: "ann@%" }'),
  );
  expect(changes).toEqual([]);
});
