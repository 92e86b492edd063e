import { z } from "zod";
import { wordFault } from "../../src/policy/language/fault.ts";
import { parsePolicy } from "../../src/policy/language/load.ts";
import type { Policy } from "../../src/policy/policy.ts";
import type { ProviderTypes } from "../../src/policy/language/provider-check.ts";

export const providerTypes: ProviderTypes = {
  postgres: {
    title: "roles",
    options: z.strictObject({ url: z.string() }),
    target: z.strictObject({ role: z.string() }),
    subject: z.string(),
  },
};

/** A small valid policy; tests change one thing in it. */
export const smallPolicy = `version: 1
settings:
  channel: "#access"
  admins: [group:security]
people:
  alice@example.com: { pg: alice_engineer }
groups:
  engineers: { members: [alice@example.com, erin@example.com] }
  leads: { members: [bob@example.com, carol@example.com] }
  security: { members: [dana@example.com] }
providers:
  pg: { type: postgres, url: "\${DATABASE_URL}" }
resources:
  orders:
    provider: pg
    risk: high
    roles:
      read: { grant: { role: orders_read } }
      write: { grant: { role: orders_write }, max_duration: 4h }
rules:
  - name: reading
    requesters: [group:engineers]
    access: ["orders:read"]
    decision: allow
  - name: writing
    requesters: [group:engineers]
    access: ["orders:write"]
    decision: review
    approvals:
      - from: [group:leads]
        count: 1
`;

/** The small policy with one text in it changed; the text must be there. */
export function changed(from: string, to: string): string {
  if (!smallPolicy.includes(from)) throw new Error(`The small policy does not say ${from}`);
  return smallPolicy.replace(from, () => to);
}

const [smallTop = ""] = smallPolicy.split("rules:\n");

/** The small policy with other rules: the text of a YAML list. `parts` are further sections. */
export function withRules(rules: string, parts = ""): string {
  return `${smallTop}${parts}rules:\n${rules}\n`;
}

/** The small policy with one rule, by which everybody asks for reading, unless its lines say otherwise. */
export function withRule(lines: string, parts = ""): string {
  const keys = new Set(lines.split("\n").map((line) => line.split(":")[0]));
  const all = [
    ...(keys.has("requesters") ? [] : ["requesters: [everyone]"]),
    ...(keys.has("access") ? [] : ['access: ["orders:read"]']),
    ...lines.trim().split("\n"),
  ];
  return withRules(["  - name: the rule", ...all.map((line) => `    ${line}`)].join("\n"), parts);
}

/** A policy that must be valid. */
export function policyOf(text: string): Policy {
  const parsed = parsePolicy([{ name: "hallpass.yml", text }], { providerTypes });
  if (!parsed.ok) throw new Error(parsed.faults.map(wordFault).join("\n"));
  return parsed.policy;
}

/** The faults of one file, or of several by name, as an operator reads them. */
export function faultsOf(texts: string | Readonly<Record<string, string>>): readonly string[] {
  const files =
    typeof texts === "string"
      ? [{ name: "hallpass.yml", text: texts }]
      : Object.entries(texts).map(([name, text]) => ({ name, text }));
  const parsed = parsePolicy(files, { providerTypes });
  return parsed.ok ? [] : parsed.faults.map(wordFault);
}
