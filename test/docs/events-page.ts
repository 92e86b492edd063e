import { z } from "zod";
import { auditFields } from "../../src/audit/export/query.ts";
import { eventData, type EventType } from "../../src/domain/audit-event.ts";
import { eventMeaning, eventSchemaVersion, fieldMeaning } from "./event-meaning.ts";
import { code, table } from "./markdown.ts";
import { type Saying, sayingOf } from "../../src/domain/personal-fields.ts";

/** docs/audit-events.md, from the schemas by which events are written and read. */
export function eventsPage(): string {
  const columns = auditFields.map(({ name, about }) => {
    const { type, isAlways, personal } = columnFacts[name];
    return [code(name), type, isAlways ? "always" : "where there is one", personal, about];
  });
  return `# The events of the audit

Version ${eventSchemaVersion}. The version is raised when a field goes away or says something else; further types and further optional
fields leave it as it is. This page is made from the code by \`npm run docs:events\`. How events are kept and proven is in
[audit.md](audit.md), how people are erased from them in [privacy.md](privacy.md).

## What stands in each row

An export has these columns in CSV, and these keys in JSON; so has what sinks are sent.

${table(["column", "type", "filled", "personal", "what it says"], columns)}

A time is ISO 8601 in UTC with milliseconds. What is personal is stored sealed and opened in an export; of who is erased it reads
\`erased person 7\`. Where a field is personal “if an address”, it may hold an e-mail address, and is sealed where it does.

## What stands in \`data\`, by type

${typesOfEvents.map(section).join("\n\n")}
`;
}

// The keys of this very object.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const typesOfEvents = Object.keys(eventData) as readonly EventType[];

type ColumnFacts = {
  readonly type: string;
  readonly isAlways: boolean;
  readonly personal: string;
};

const columnFacts: Readonly<Record<(typeof auditFields)[number]["name"], ColumnFacts>> = {
  seq: { type: "integer", isAlways: true, personal: "no" },
  at: { type: "time", isAlways: true, personal: "no" },
  type: { type: "text", isAlways: true, personal: "no" },
  request: { type: "text", isAlways: false, personal: "no" },
  request_id: { type: "UUID", isAlways: false, personal: "no" },
  grant_id: { type: "UUID", isAlways: false, personal: "no" },
  actor: { type: "text", isAlways: false, personal: "yes" },
  actor_slack_id: { type: "text", isAlways: false, personal: "yes" },
  requester: { type: "text", isAlways: false, personal: "yes" },
  resource: { type: "text", isAlways: false, personal: "no" },
  role: { type: "text", isAlways: false, personal: "no" },
  rule: { type: "text", isAlways: false, personal: "no" },
  policy_version: { type: "text", isAlways: false, personal: "no" },
  data: { type: "object", isAlways: true, personal: "in part" },
};

function section(type: EventType): string {
  const { when, fields } = eventMeaning[type];
  const meanings: Readonly<Record<string, string>> = { ...fieldMeaning, ...fields };
  const rows = Object.entries(eventData[type].shape).map(([name, schema]) => [
    code(name),
    typeOf(schema),
    schema instanceof z.ZodOptional ? "optional" : "required",
    whetherPersonal(schema),
    meanings[name] ?? "",
  ]);
  const told =
    rows.length === 0 ? "Nothing besides." : table(["field", "type", "", "personal", "what it says"], rows);
  return `### ${code(type)}\n\n${when}\n\n${told}`;
}

function typeOf(schema: z.core.$ZodType): string {
  const inner = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  if (inner instanceof z.ZodISODateTime) return "time";
  if (inner instanceof z.ZodString) return "text";
  if (inner instanceof z.ZodNumber) return "integer";
  if (inner instanceof z.ZodBoolean) return "true or false";
  if (inner instanceof z.ZodEnum) return inner.options.map((option) => code(String(option))).join(" or ");
  if (inner instanceof z.ZodArray) return `list of ${typeOf(inner.element)}`;
  if (inner instanceof z.ZodRecord) return `object of ${typeOf(inner.valueType)}`;
  if (inner instanceof z.ZodUnknown) return "any JSON";
  if (inner instanceof z.ZodObject) {
    const members = Object.entries(inner.shape).map(([name, member]) => `${code(name)}: ${typeOf(member)}`);
    return `{ ${members.join(", ")} }`;
  }
  throw new Error(`there are no words for ${inner.constructor.name} yet`);
}

function whetherPersonal(schema: z.core.$ZodType): string {
  const words = sayingsIn(schema).map((saying) => personalWords[saying]);
  return words.find((word) => word === "yes") ?? words.find((word) => word !== "no") ?? "no";
}

const personalWords: Readonly<Record<Saying, string>> = {
  plain: "no",
  value: "if an address",
  concerned: "if an address",
  name: "yes",
  subject: "yes",
  text: "yes",
};

function sayingsIn(schema: z.core.$ZodType): readonly Saying[] {
  if (schema instanceof z.ZodOptional) return sayingsIn(schema.unwrap());
  if (schema instanceof z.ZodArray) return sayingsIn(schema.element);
  if (schema instanceof z.ZodRecord) return sayingsIn(schema.valueType);
  if (schema instanceof z.ZodObject) return Object.values(schema.shape).flatMap(sayingsIn);
  return [sayingOf(schema) ?? "plain"];
}
