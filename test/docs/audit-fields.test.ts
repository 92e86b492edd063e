import type { Consent } from "../../src/audit/questions/consent.ts";
import { auditFields } from "../../src/audit/export/query.ts";
import type { Extension, Held } from "../../src/audit/questions/held-by-request.ts";
import type { HoldingEnd } from "../../src/audit/questions/holdings.ts";
import type { LoggedEvent } from "../../src/audit/questions/read-events.ts";
import type { Figures } from "../../src/audit/report/figures.ts";
import type { EventRecord } from "../../src/audit/sinks/sink.ts";
import type { Deed, WhatAnswer } from "../../src/audit/questions/what-did.ts";
import type { Holder, WhoAnswer } from "../../src/audit/questions/who-could.ts";
import { readPage } from "./markdown.ts";

/** All keys of a type that is one of several. */
type KeysOf<T> = T extends unknown ? Exclude<keyof T, symbol | number> : never;
type Known<T> = { readonly [K in keyof T as string extends K ? never : K]: T[K] };
/** Each key has to be named here: the compiler says which is not. */
type Named<T> = Readonly<Record<KeysOf<T>, true>>;
type RowOf<Name extends keyof Figures> = Figures[Name] extends { readonly rows: readonly (infer Row)[] }
  ? Row
  : never;

const names = (...all: readonly object[]): readonly string[] => all.flatMap((each) => Object.keys(each));

const logged: Named<Omit<LoggedEvent, "event" | "extension">> = {
  seq: true,
  place: true,
  at: true,
  type: true,
  requestId: true,
  request: true,
  grantId: true,
  actor: true,
  requester: true,
  resource: true,
  role: true,
  rule: true,
  policyVersion: true,
  data: true,
  unproven: true,
};
const deed: Named<Deed> = { at: true, type: true, text: true, request: true, access: true };
const held: Named<Held | Holder> = {
  mayFrom: true,
  from: true,
  to: true,
  end: true,
  expiresAt: true,
  standing: true,
  person: true,
  access: true,
  bundle: true,
  provider: true,
  subject: true,
  request: true,
  grantId: true,
  rule: true,
  policyVersion: true,
  consent: true,
  extensions: true,
  certainty: true,
};
const end: Named<HoldingEnd> = {
  how: true,
  reason: true,
  verified: true,
  keptBy: true,
  standing: true,
  by: true,
  lateSeconds: true,
};
const consent: Named<Consent> = { by: true, approvals: true, review: true };
type Approval = Extract<Consent, { readonly by: "people" }>["approvals"][number];
const approval: Named<Approval> = { by: true, at: true, policyVersion: true };
type Review = NonNullable<Extract<Consent, { readonly by: "break_glass" }>["review"]>;
const review: Named<Review> = { by: true, verdict: true };
const extension: Named<Extension> = { request: true, byRule: true, approvers: true };
const who: Named<WhoAnswer> = { kind: true, holder: true, request: true, seq: true };
const what: Named<WhatAnswer> = {
  kind: true,
  person: true,
  request: true,
  access: true,
  rule: true,
  policyVersion: true,
  deeds: true,
  held: true,
  at: true,
  type: true,
  text: true,
};
const record: Named<Known<EventRecord>> = {
  kind: true,
  sequence: true,
  hash: true,
  seq: true,
  at: true,
  type: true,
  request: true,
  actor: true,
  rule: true,
};

const lists = {
  breakGlass: {
    at: true,
    request: true,
    requester: true,
    access: true,
    risk: true,
    verdict: true,
    reviewer: true,
    note: true,
    wasOverdue: true,
  } satisfies Named<RowOf<"breakGlass">>,
  overdue: {
    request: true,
    requester: true,
    access: true,
    provider: true,
    lateSeconds: true,
    goneAt: true,
  } satisfies Named<RowOf<"overdue">>,
  ownRequests: { at: true, request: true, person: true, attempted: true } satisfies Named<
    RowOf<"ownRequests">
  >,
  flags: { at: true, request: true, person: true, kind: true, why: true } satisfies Named<RowOf<"flags">>,
  driftFindings: {
    at: true,
    provider: true,
    subject: true,
    access: true,
    outcome: true,
  } satisfies Named<RowOf<"driftFindings">>,
};
const figures: Named<Omit<Figures, keyof typeof lists>> = {
  period: true,
  zoneNote: true,
  madeAt: true,
  counts: true,
  weeks: true,
  approvedBy: true,
  waits: true,
  weeksByRisk: true,
  resources: true,
  people: true,
  ruleCount: true,
  rules: true,
  standing: true,
  ends: true,
  refusedClicks: true,
  flagKinds: true,
  drift: true,
  chain: true,
};
const report = [
  ...names(figures),
  ...Object.entries(lists).flatMap(([list, row]) => names(row).map((name) => `${list}.${name}`)),
];

const exported = auditFields.map(({ name }) => name);

/** The fields of the page's table by where they are shown, and how often each stands there. */
async function readTable(): Promise<ReadonlyMap<string, readonly string[]>> {
  const page = await readPage("audit.md");
  const [, section = ""] = page.split("### What is proven of each field\n");
  const rows = (section.split("\n## ")[0] ?? "").split("\n").filter((line) => line.startsWith("| "));
  const table = new Map<string, string[]>();
  for (const row of rows.slice(2)) {
    const [, where = "", fields = ""] = row.split("|").map((cell) => cell.trim());
    const listed = Array.from(fields.matchAll(/`([^`]+)`/gu), ([, field = ""]) => field);
    table.set(where, [...(table.get(where) ?? []), ...listed]);
  }
  return table;
}

it.each([
  ["exports, sinks", exported],
  ["sinks", names(record).filter((name) => !exported.some((field) => field === name))],
  ["`audit show`", [...names(logged), "text"]],
  ["`audit who`, `audit what`", names(held, end, consent, approval, review, extension, who, what, deed)],
  ["report", report],
])("says of each field of %s what it is proven by", async (where, fields) => {
  const listed = (await readTable()).get(where) ?? [];
  const said = new Set(listed);
  expect([...new Set(fields)].filter((field) => !said.has(field))).toEqual([]);
  expect([...said].filter((field) => !fields.includes(field))).toEqual([]);
});
