import { isObject } from "../json.ts";

/** One broken rule, at a JSON pointer into what was sent. */
export interface Violation {
  readonly pointer: string;
  readonly rule: string;
}

/** Judges one value; no violations means it passes. */
export type Check = (value: unknown, pointer: string) => readonly Violation[];

type Field = Check | { readonly optional: Check };

/** A single violation, as a check returns it. */
export function broken(pointer: string, rule: string): readonly Violation[] {
  return [{ pointer, rule }];
}

/** A string whose length in characters lies within the bounds, both included. */
export function string(bounds: { readonly min?: number; readonly max?: number } = {}): Check {
  const { min = 0, max = Infinity } = bounds;
  return (value, pointer) => {
    if (typeof value !== "string") return broken(pointer, "must be a string");
    if (value.length < min) return broken(pointer, `must be more than ${min - 1} characters`);
    if (value.length > max) return broken(pointer, `must be less than ${max + 1} characters`);
    return [];
  };
}

/** Exactly one of the given strings. */
export function oneOf(...allowed: readonly string[]): Check {
  return (value, pointer) =>
    allowed.some((item) => item === value)
      ? []
      : broken(pointer, `must be a valid enum value (${allowed.join(", ")}), got ${JSON.stringify(value)}`);
}

/** True or false; Slack takes neither strings nor numbers here. */
export const boolean: Check = (value, pointer) =>
  typeof value === "boolean" ? [] : broken(pointer, "must be a boolean");

/** A whole number within the bounds, both included. */
export function integer(bounds: { readonly min?: number; readonly max?: number } = {}): Check {
  const { min = -Infinity, max = Infinity } = bounds;
  return (value, pointer) => {
    if (!Number.isInteger(value)) return broken(pointer, "must be an integer");
    const number = Number(value);
    if (number < min) return broken(pointer, `must be at least ${min}`);
    return number > max ? broken(pointer, `must be at most ${max}`) : [];
  };
}

/** An array of so many items, each passing the check. */
export function array(item: Check, bounds: { readonly min?: number; readonly max?: number } = {}): Check {
  const { min = 0, max = Infinity } = bounds;
  return (value, pointer) => {
    if (!Array.isArray(value)) return broken(pointer, "must be an array");
    if (value.length < min) return broken(pointer, `no fewer than ${min} items required`);
    if (value.length > max) return broken(pointer, `no more than ${max} items allowed`);
    return value.flatMap((entry, index) => item(entry, `${pointer}/${index}`));
  };
}

/** Marks a field that may be missing or null. */
export function optional(check: Check): Field {
  return { optional: check };
}

/** An object with these fields and, as in Slack, no others. */
export function object(fields: Readonly<Record<string, Field>>): Check {
  return (value, pointer) => {
    if (!isObject(value)) return broken(pointer, "must provide an object");
    const unknown = Object.keys(value)
      .filter((key) => !(key in fields))
      .flatMap((key) => broken(pointer, `invalid additional property: ${key}`));
    const known = Object.entries(fields).flatMap(([key, field]) => {
      const check = typeof field === "function" ? field : field.optional;
      const found = value[key];
      if (found !== undefined && found !== null) return check(found, `${pointer}/${key}`);
      return typeof field === "function" ? broken(pointer, `missing required field: ${key}`) : [];
    });
    return [...unknown, ...known];
  };
}

/** Anything goes: for corners of Block Kit this simulation does not judge. */
export const anything: Check = () => [];

/** Every check, one after the other. */
export function all(...checks: readonly Check[]): Check {
  return (value, pointer) => checks.flatMap((check) => check(value, pointer));
}

/** Chooses the check by the value's `type`. */
export function byType(checks: Readonly<Record<string, Check>>): Check {
  return (value, pointer) => {
    if (!isObject(value)) return broken(pointer, "must provide an object");
    const { type } = value;
    const check = typeof type === "string" && Object.hasOwn(checks, type) ? checks[type] : undefined;
    return check === undefined
      ? broken(`${pointer}/type`, `unsupported type: ${JSON.stringify(type)}`)
      : check(value, pointer);
  };
}
