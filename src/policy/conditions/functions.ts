import type { Environment } from "@marcbachmann/cel-js";
import { readDuration, readInteger, readPattern, readTimestamp, readZone, wallClock } from "./texts.ts";

/** The forms of each function; a condition can call nothing else. */
export const functions: Readonly<Record<string, readonly string[]>> = {
  size: ["size(string)", "size(list)", "string.size()", "list.size()"],
  int: ["int(string)"],
  string: ["string(int)", "string(bool)"],
  duration: ['duration("1h30m")'],
  timestamp: ['timestamp("2026-03-29T01:00:00Z")'],
  contains: ["string.contains(string)"],
  startsWith: ["string.startsWith(string)"],
  endsWith: ["string.endsWith(string)"],
  matches: ['string.matches("pattern")'],
  lowerAscii: ["string.lowerAscii()"],
  upperAscii: ["string.upperAscii()"],
  trim: ["string.trim()"],
  getFullYear: ['timestamp.getFullYear("Europe/London")'],
  getMonth: ['timestamp.getMonth("Europe/London")'],
  getDate: ['timestamp.getDate("Europe/London")'],
  getDayOfMonth: ['timestamp.getDayOfMonth("Europe/London")'],
  getDayOfWeek: ['timestamp.getDayOfWeek("Europe/London")'],
  getDayOfYear: ['timestamp.getDayOfYear("Europe/London")'],
  getHours: ['timestamp.getHours("Europe/London")', "duration.getHours()"],
  getMinutes: ['timestamp.getMinutes("Europe/London")', "duration.getMinutes()"],
  getSeconds: ['timestamp.getSeconds("Europe/London")', "duration.getSeconds()"],
  all: ["list.all(name, condition)"],
  exists: ["list.exists(name, condition)"],
  exists_one: ["list.exists_one(name, condition)"],
  filter: ["list.filter(name, condition)"],
};

/** Functions that loop over a list; their first argument names the item. */
export const macros: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "filter"]);

const timestamp = "google.protobuf.Timestamp";
const duration = "google.protobuf.Duration";

/** Read the parts of a date whose UTC fields hold the local time of the zone asked for. */
const parts: Readonly<Record<string, (wall: Date) => number>> = {
  getFullYear: (wall) => wall.getUTCFullYear(),
  getMonth: (wall) => wall.getUTCMonth(),
  getDate: (wall) => wall.getUTCDate(),
  getDayOfMonth: (wall) => wall.getUTCDate() - 1,
  getDayOfWeek: (wall) => wall.getUTCDay(),
  getDayOfYear: dayOfYear,
  getHours: (wall) => wall.getUTCHours(),
  getMinutes: (wall) => wall.getUTCMinutes(),
  getSeconds: (wall) => wall.getUTCSeconds(),
};

function dayOfYear(wall: Date): number {
  const midnight = Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate());
  return (midnight - Date.UTC(wall.getUTCFullYear(), 0, 1)) / 86_400_000;
}

type Call = `${string}/${number}`;

/** Calls whose last argument must be a quoted text, so that a policy with a mistake in it is refused. */
const quotedTexts: ReadonlyMap<Call, (text: string) => unknown> = new Map<Call, (text: string) => unknown>([
  ["matches/1", readPattern],
  ["duration/1", readDuration],
  ["timestamp/1", readTimestamp],
  ...Object.keys(parts).map((name): [Call, (text: string) => unknown] => [`${name}/1`, readZone]),
]);

/** Returns the reader for a call's quoted text, which throws if the text is wrong; `undefined` for calls that need none. */
export function readerOf(name: string, argumentCount: number): ((text: string) => unknown) | undefined {
  return quotedTexts.get(`${name}/${argumentCount}`);
}

/**
 * Calls that do not reach the library's own function, because it departs from CEL: its patterns backtrack, its dates depend on the
 * server's time zone, `int("")` is 0, `lowerAscii` turns the Kelvin sign into a k. The library does not allow overriding a
 * function, so these have names that no author can write.
 */
const replaced: ReadonlySet<string> = new Set<Call>([
  "int/1",
  "lowerAscii/0",
  "upperAscii/0",
  "getDayOfYear/0",
  ...quotedTexts.keys(),
]);

/** The environment's name for the function that a call means. */
export function registeredName(name: string, argumentCount: number): string {
  return replaced.has(`${name}/${argumentCount}`) ? `${name}_` : name;
}

/** The name by which authors know a function of the environment. */
export function writtenName(name: string): string {
  return name.replace(/_$/, "");
}

/** Registers the functions that replace the library's. */
export function registerFunctions(environment: Environment): void {
  const register = (signature: string, handler: (...values: never[]) => unknown): void => {
    // The library is slower if a handler may be asynchronous.
    environment.registerFunction(signature, handler, { async: false });
  };
  register("string.matches_(string): bool", (text: string, pattern: string) =>
    readPattern(pattern).matches(text),
  );
  register(`duration_(string): ${duration}`, (text: string) => readDuration(text));
  register(`timestamp_(string): ${timestamp}`, (text: string) => readTimestamp(text));
  register("int_(string): int", (text: string) => readInteger(text));
  register("string.lowerAscii_(): string", (text: string) =>
    text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  );
  register("string.upperAscii_(): string", (text: string) =>
    text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
  );
  register(`${timestamp}.getDayOfYear_(): int`, (at: Date) => BigInt(dayOfYear(at)));
  for (const [name, part] of Object.entries(parts))
    register(`${timestamp}.${name}_(string): int`, (at: Date, zone: string) =>
      BigInt(part(wallClock(at, zone))),
    );
}
