import {
  boolCoreTag,
  floatCoreTag,
  getScalarValue,
  intCoreTag,
  NOT_RESOLVED,
  nullCoreTag,
  SCALAR_STYLE,
  type ScalarEvent,
  type ScalarTagDefinition,
} from "js-yaml";

// YAML 1.2's core schema: https://yaml.org/spec/1.2.2/#103-core-schema

export type ScalarValue = string | number | boolean | null;

const implicit = [nullCoreTag, boolCoreTag, intCoreTag, floatCoreTag] as const;

const explicit: ReadonlyMap<string, ScalarTagDefinition> = new Map<string, ScalarTagDefinition<ScalarValue>>([
  ["!!null", nullCoreTag],
  ["!!bool", boolCoreTag],
  ["!!int", intCoreTag],
  ["!!float", floatCoreTag],
]);

/** What a scalar stands for; `undefined` where its tag is none of the core schema, or does not fit. */
export function valueOf(source: string, scalar: ScalarEvent): ScalarValue | undefined {
  const text = getScalarValue(source, scalar);
  const tag = tagOf(source, scalar);
  if (tag === undefined) return scalar.style === SCALAR_STYLE.PLAIN ? plainValue(text) : text;
  // `!` alone says that a value is not to be guessed.
  if (tag === "!!str" || tag === "!") return text;
  const known = explicit.get(tag);
  return known && resolved(known, text);
}

function plainValue(text: string): ScalarValue {
  // Most values begin like nothing else than a text.
  if (!/^(?:[-+.~\dntf]|$)/iu.test(text)) return text;
  for (const tag of implicit) {
    const value = resolved(tag, text);
    if (value !== undefined) return value;
  }
  return text;
}

function resolved(tag: ScalarTagDefinition, text: string): ScalarValue | undefined {
  // `true` as the second argument would allow more than the core schema does, such as 0b11.
  const value: unknown = tag.resolve(text, false, tag.tagName);
  if (value === NOT_RESOLVED) return undefined;
  if (value === null || typeof value === "number" || typeof value === "boolean") return value;
  throw new TypeError(`YAML's core schema has no ${typeof value}`);
}

/** Whether a list or a map has this tag, or none. */
export function hasTag(source: string, node: Tagged, tag: string): boolean {
  const written = tagOf(source, node);
  return written === undefined || written === tag || written === "!";
}

type Tagged = { readonly tagStart: number; readonly tagEnd: number };

/** A node's tag as it is written; `%TAG`, which could give it another meaning, is refused. */
function tagOf(source: string, { tagStart, tagEnd }: Tagged): string | undefined {
  return tagStart < 0 ? undefined : source.slice(tagStart, tagEnd);
}
