import { quoted } from "../../domain/text.ts";
import { z } from "zod";
import { RequestSource } from "../../domain/request/request.ts";
import type { PolicyFault } from "../language/fault.ts";
import { nameFault } from "../language/name-check.ts";
import { readMoment } from "../moment.ts";
import type { Policy } from "../policy.ts";
import type { PolicyText } from "../language/policy-text.ts";
import { Email } from "../principal.ts";
import { shape } from "../language/shape.ts";
import {
  child,
  entriesOf,
  faultAt,
  itemsOf,
  textOf,
  textsOf,
  type Place,
  type SourceNode,
} from "../language/source.ts";
import { type Expectation, readExpectation } from "./expectation.ts";
import { Duration, Name, RoleReference, Words } from "../language/words.ts";
import { readSource } from "../language/yaml-source.ts";

/** One test: what a policy is expected to answer. */
export type PolicyTest = {
  readonly name: string;
  /** Where the test is in its file. */
  readonly at: Place;
  readonly given: Given;
  readonly expect: Expectation;
  /** The rule that is expected to decide; any by default. */
  readonly rule: string | undefined;
};

/** Who asks for what, and what is true meanwhile. */
export type Given = {
  readonly as: string;
  readonly resource: string;
  readonly role: string;
  readonly durationSeconds: number;
  readonly reason: string;
  readonly ticket: string | undefined;
  readonly source: RequestSource;
  readonly ip: string | undefined;
  readonly isBreakGlass: boolean;
  readonly now: Date;
  /** `RESOURCE:ROLE` */
  readonly holds: readonly string[];
  /** Who is in external groups; a group that is not here cannot be read. */
  readonly groups: ReadonlyMap<string, ReadonlySet<string>>;
};

type ReadTests =
  | { readonly ok: true; readonly tests: readonly PolicyTest[] }
  | { readonly ok: false; readonly faults: readonly PolicyFault[] };

/** A Wednesday in winter, at noon: tests must not depend on when they run. */
const defaultAt = "2026-01-07 12:00";

const WrittenGiven = z.strictObject({
  as: Email.optional(),
  asks: RoleReference.optional(),
  for: Duration.optional(),
  at: z.string().optional(),
  reason: z.string().optional(),
  ticket: z.string().optional(),
  source: RequestSource.optional(),
  ip: z.union([z.ipv4(), z.ipv6()], { error: "expected an IP address" }).optional(),
  break_glass: z.boolean().optional(),
  holds: z.array(RoleReference).optional(),
  groups: z.record(Name, z.array(Email)).optional(),
});
type WrittenGiven = z.infer<typeof WrittenGiven>;

const TestFile = z.strictObject({
  version: z.literal(1, { error: "expected 1, the version of this format" }),
  given: WrittenGiven.default({}),
  tests: z
    .array(
      z.strictObject({
        name: Words.optional(),
        given: WrittenGiven.default({}),
        expect: z.string({ error: "expected allow, review or deny" }),
        rule: z.string().optional(),
      }),
    )
    .min(1, { error: "expected at least one test" }),
});

/** Reads a file of tests of this policy; returns all faults at once, including wrong names from the policy. */
export function readTests(policy: Policy, { name: file, text }: PolicyText): ReadTests {
  const source = readSource(file, text);
  if (!source.ok) return source;
  const { root } = source;
  const { value, faults: shaping } = shape(TestFile, root);
  const faults = [...shaping, ...referenceFaults(policy, root)];
  const nodes = itemsOf(child(root, "tests"));
  const tests = (value?.tests ?? []).flatMap((written, index): readonly PolicyTest[] => {
    const node = nodes[index];
    if (!node) return [];
    const all = { ...value?.given, ...written.given };
    const groups = { ...value?.given.groups, ...written.given.groups };
    const { as, asks } = all;
    if (as === undefined || asks === undefined) {
      const [key, wanted] = as === undefined ? ["as", "an e-mail address"] : ["asks", "RESOURCE:ROLE"];
      faults.push(faultAt(node.at, `missing key ${quoted(key)} under given: expected ${wanted}`));
      return [];
    }
    const now = momentOf(policy, all.at, atNode(root, node), faults);
    const read = readExpectation(written.expect);
    const expectNode = child(node, "expect") ?? node;
    if (!read.ok) faults.push(faultAt(expectNode.at, `${read.message}, got ${quoted(written.expect)}`));
    else faults.push(...expectedFaults(policy, read.expectation, expectNode));
    if (!read.ok || !now) return [];
    const given = givenOf({ ...all, as, asks }, now, groups);
    const name = written.name ?? `${as} asks for ${asks}`;
    return [{ name, at: node.at, given, expect: read.expectation, rule: written.rule }];
  });
  return faults.length > 0 ? { ok: false, faults: inOrder(faults) } : { ok: true, tests };
}

function givenOf(
  { as, asks, ...rest }: WrittenGiven & { readonly as: string; readonly asks: string },
  now: Date,
  groups: Readonly<Record<string, readonly string[]>>,
): Given {
  const [resource = "", role = ""] = asks.split(":");
  return {
    as,
    resource,
    role,
    durationSeconds: rest.for ?? 3600,
    reason: rest.reason ?? "policy test",
    ticket: rest.ticket,
    source: rest.source ?? (rest.ip === undefined ? "slack" : "api"),
    ip: rest.ip,
    isBreakGlass: rest.break_glass ?? false,
    now,
    holds: rest.holds ?? [],
    groups: new Map(Object.entries(groups).map(([name, members]) => [name, new Set(members)])),
  };
}

/** The test's own time, otherwise the one for all tests. */
function atNode(root: SourceNode, test: SourceNode): SourceNode {
  return child(child(test, "given"), "at") ?? child(child(root, "given"), "at") ?? test;
}

function momentOf(
  policy: Policy,
  text = defaultAt,
  { at }: SourceNode,
  faults: PolicyFault[],
): Date | undefined {
  const read = readMoment(text, policy.settings.timezone);
  if (read.ok) return read.at;
  const fault = faultAt(at, `${read.message}, got ${quoted(text)}`);
  // A wrong time for all tests is reported once.
  if (!faults.some((other) => other.line === fault.line && other.column === fault.column)) faults.push(fault);
  return undefined;
}

/** Finds names that are not in the policy. */
function referenceFaults(policy: Policy, root: SourceNode): readonly PolicyFault[] {
  const tests = itemsOf(child(root, "tests"));
  return [
    ...[root, ...tests].flatMap((node) => givenFaults(policy, child(node, "given"))),
    ...tests.flatMap((test) => {
      const rule = child(test, "rule");
      return nameFault(
        "rule",
        rule?.at,
        textOf(rule),
        policy.rules.map(({ name }) => name),
      );
    }),
  ];
}

function givenFaults(policy: Policy, given: SourceNode | undefined): readonly PolicyFault[] {
  const asks = child(given, "asks");
  const accesses = [
    ...(asks ? [{ text: textOf(asks) ?? "", at: asks.at }] : []),
    ...textsOf(child(given, "holds")),
  ];
  return [
    ...accesses.flatMap(({ text, at }) => accessFaults(policy, text, at)),
    ...entriesOf(child(given, "groups")).flatMap(([name, { keyAt }]) => {
      const isListed = policy.groups.get(name)?.kind === "members";
      if (isListed)
        return [faultAt(keyAt, `who is in ${quoted(name)} stands in the policy; change it there`)];
      return nameFault("group", keyAt, name, [...policy.groups.keys()]);
    }),
  ];
}

function accessFaults(policy: Policy, text: string, at: Place): readonly PolicyFault[] {
  const [name, role, ...rest] = text.split(":");
  if (name === undefined || role === undefined || rest.length > 0) return [];
  const resource = policy.resources.get(name);
  if (!resource) return nameFault("resource", at, name, [...policy.resources.keys()]);
  return nameFault("role", at, role, [...resource.roles.keys()]);
}

function expectedFaults(
  policy: Policy,
  expectation: Expectation,
  { at }: SourceNode,
): readonly PolicyFault[] {
  if (expectation.verdict !== "review") return [];
  const groups = (expectation.steps ?? []).flatMap(({ from }) =>
    from.flatMap((principal) => (principal.startsWith("group:") ? [principal.slice("group:".length)] : [])),
  );
  return groups.flatMap((group) => nameFault("group", at, group, [...policy.groups.keys()]));
}

function inOrder(faults: readonly PolicyFault[]): readonly PolicyFault[] {
  return faults.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
