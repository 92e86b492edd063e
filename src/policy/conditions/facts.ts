import { Environment } from "@marcbachmann/cel-js";
import { Duration } from "@marcbachmann/cel-js/evaluator";
import { registerFunctions } from "./functions.ts";
import type { History } from "../decide/history.ts";

/** The facts that a condition is evaluated on. */
export type ConditionFacts = {
  readonly request: {
    readonly resource: string;
    readonly role: string;
    readonly durationSeconds: number;
    readonly reason: string;
    readonly ticket?: string | undefined;
    readonly source: string;
    readonly ip?: string | undefined;
  };
  readonly requester: {
    readonly email: string;
    readonly groups: readonly string[];
    readonly onCall: boolean;
  };
  readonly resource: { readonly name: string; readonly risk: string };
  readonly now: Date;
  /** The IANA zone of the policy's settings. */
  readonly timezone: string;
  readonly history: History;
};

const timestamp = "google.protobuf.Timestamp";
const duration = "google.protobuf.Duration";

/** The library tells the types of records apart by their constructors. */
function recordType<Field extends string>(fields: Readonly<Record<Field, string>>) {
  return { fields, prototype: { constructor: () => undefined } };
}

/** The record types of the language, with the types of their fields. */
const records = {
  Request: recordType({
    resource: "string",
    role: "string",
    duration,
    reason: "string",
    ticket: "string",
    source: "string",
    ip: "string",
  }),
  Requester: recordType({ email: "string", groups: "list<string>", on_call: "bool" }),
  Resource: recordType({ name: "string", risk: "string" }),
  History: recordType({ grants: "list<Grant>", denials: "list<Denial>" }),
  Grant: recordType({
    resource: "string",
    role: "string",
    rule: "string",
    started_at: timestamp,
    ended_at: timestamp,
    active: "bool",
  }),
  Denial: recordType({ resource: "string", role: "string", at: timestamp }),
};

function recordOf<Field extends string>(
  { prototype }: { readonly fields: Readonly<Record<Field, string>>; readonly prototype: object },
  values: Readonly<Record<Field, unknown>>,
): object {
  return Object.assign(Object.create(prototype), values);
}

const variableTypes = {
  request: "Request",
  requester: "Requester",
  resource: "Resource",
  now: timestamp,
  timezone: "string",
  history: "History",
} as const;

/** The variables that a condition may read. */
export const variables: readonly string[] = Object.keys(variableTypes);

/** Facts that are costly to get, or that make a condition's result change by itself. */
export type Use = "history" | "groups" | "on_call" | "now";

/** The fields of a variable; for any other name, those of the records in lists. */
export function fieldsOf(variable: string): readonly string[] {
  const type = new Map<string, string>(Object.entries(variableTypes)).get(variable);
  const names = type === undefined ? ["Grant", "Denial"] : [type];
  const fields = Object.entries(records).flatMap(([name, record]) =>
    names.includes(name) ? Object.keys(record.fields) : [],
  );
  return [...new Set(fields)];
}

/** Conditions of real policies have 10 to 30 parts; each part and each level takes a stack frame or three. */
const limits = { maxAstNodes: 1000, maxDepth: 50 };

/** Creates the environment in which conditions are parsed, checked and evaluated: variables with their types, and functions. */
export function createEnvironment(): Environment {
  const environment = new Environment({ limits });
  for (const [name, { fields, prototype }] of Object.entries(records))
    environment.registerType(name, { ctor: prototype.constructor, fields });
  for (const [name, type] of Object.entries(variableTypes)) environment.registerVariable(name, type);
  registerFunctions(environment);
  return environment;
}

type Variables = Readonly<Record<string, unknown>>;

const withoutHistory = new WeakMap<ConditionFacts, Variables>();

/** The facts as the environment's variables; history only for conditions that read it, since each grant is created anew. */
export function variablesOf(facts: ConditionFacts, uses: ReadonlySet<Use>): Variables {
  const known = withoutHistory.get(facts) ?? plainVariables(facts);
  withoutHistory.set(facts, known);
  return uses.has("history")
    ? { ...known, history: historyOf(facts.history, wholeSecond(facts.now)) }
    : known;
}

function plainVariables(facts: ConditionFacts): Variables {
  const { request, requester, resource, timezone } = facts;
  return {
    request: recordOf(records.Request, {
      resource: request.resource,
      role: request.role,
      duration: new Duration(Math.trunc(request.durationSeconds)),
      reason: request.reason,
      ticket: request.ticket ?? "",
      source: request.source,
      ip: request.ip ?? "",
    }),
    requester: recordOf(records.Requester, {
      email: requester.email,
      groups: requester.groups,
      on_call: requester.onCall,
    }),
    resource: recordOf(records.Resource, resource),
    now: wholeSecond(facts.now),
    timezone,
  };
}

function historyOf(history: History, now: Date): object {
  return recordOf(records.History, {
    grants: history.grants.map(({ resource, role, rule, startedAt, endedAt }) =>
      recordOf(records.Grant, {
        resource,
        role,
        rule,
        started_at: wholeSecond(startedAt),
        // Access that lasts has not ended before now, so "less than a day ago" holds for it as well.
        ended_at: endedAt ? wholeSecond(endedAt) : now,
        active: endedAt === undefined,
      }),
    ),
    denials: history.denials.map(({ resource, role, at }) =>
      recordOf(records.Denial, { resource, role, at: wholeSecond(at) }),
    ),
  });
}

/** Policies count in seconds, and the library's negative durations are wrong in fractions of one. */
function wholeSecond(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1000) * 1000);
}
