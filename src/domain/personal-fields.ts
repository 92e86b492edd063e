import { z } from "zod";

/**
 * What a string of an event says about people, which decides how it is stored (docs/privacy.md). `value`: an e-mail address, or
 * nothing personal. `concerned`: the same, for somebody whom the event's texts mention too. `name`: what the actor is called.
 * `subject`: what a provider calls the requester. `text`: words that may say anything about anybody.
 */
export type Saying = "plain" | "value" | "concerned" | "name" | "subject" | "text";

const sayings = z.registry<{ readonly saying: Saying }>();

function string(saying: Saying): z.ZodString {
  return z.string().register(sayings, { saying });
}

/** Schemas for an event's strings, each marked with what it says about people. */
export const saying = {
  plain: string("plain"),
  value: string("value"),
  concerned: string("concerned"),
  name: string("name"),
  subject: string("subject"),
  text: string("text"),
  /** Any data from a policy: its strings count as `value`. */
  anything: z.unknown().register(sayings, { saying: "value" }),
} as const;

export type MapString = (text: string, saying: Saying) => string;

/**
 * Rebuilds an event's data with each string passed through `map`, keys of records included. A string that the schema does not cover
 * is passed as `value`.
 */
export function mapStrings(schema: z.core.$ZodType | undefined, data: unknown, map: MapString): unknown {
  const inner = schema && unwrapped(schema);
  if (typeof data === "string") return map(data, (inner && sayingOf(inner)) ?? "value");
  if (Array.isArray(data)) {
    const element = inner instanceof z.ZodArray ? inner.element : undefined;
    return data.map((each: unknown) => mapStrings(element, each, map));
  }
  if (typeof data !== "object" || data === null || data instanceof Date) return data;
  const keyed = inner instanceof z.ZodObject ? inner.shape : undefined;
  const entry = inner instanceof z.ZodRecord ? inner.valueType : undefined;
  return Object.fromEntries(
    Object.entries(data).map(([key, each]: [string, unknown]) => [
      keyed ? key : map(key, "plain"),
      mapStrings(entry ?? (keyed && Object.hasOwn(keyed, key) ? keyed[key] : undefined), each, map),
    ]),
  );
}

/** Paths of the strings in a schema that are not marked; for a test that none is forgotten. */
export function undecided(schema: z.core.$ZodType, path: string): readonly string[] {
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodObject)
    return Object.entries(inner.shape).flatMap(([key, each]) => undecided(each, `${path}.${key}`));
  if (inner instanceof z.ZodArray) return undecided(inner.element, `${path}[]`);
  if (inner instanceof z.ZodRecord)
    return [...undecided(inner.keyType, `${path}{}`), ...undecided(inner.valueType, `${path}{}`)];
  const isHarmless = harmless.some((type) => inner instanceof type);
  return isHarmless || sayingOf(inner) !== undefined ? [] : [path];
}

const harmless = [z.ZodNumber, z.ZodBoolean, z.ZodEnum, z.ZodLiteral, z.ZodISODateTime];

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodNullable
    ? unwrapped(schema.unwrap())
    : schema;
}

/** What a string of this schema says about people; `undefined` if it is not marked. */
export function sayingOf(schema: z.core.$ZodType): Saying | undefined {
  if (schema instanceof z.ZodEnum || schema instanceof z.ZodISODateTime) return "plain";
  return sayings.get(schema)?.saying;
}
