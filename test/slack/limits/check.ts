/** What is wrong with the value at this place; nothing where it is as Slack wants it. What is absent is never wrong. */
export type Check = (value: unknown, at: string) => readonly string[];

/** The checks of an object's properties; others go unchecked. */
export type Shape = Readonly<Record<string, Check>>;

/** An object with these properties, and checks on the whole of it. */
export function object(shape: Shape, ...whole: readonly Check[]): Check {
  return present((value, at) => {
    if (!isObject(value)) return [`${at || "it"}: Slack wants an object, got ${shown(value)}`];
    return [
      ...Object.entries(shape).flatMap(([name, check]) => check(value[name], below(at, name))),
      ...whole.flatMap((check) => check(value, at)),
    ];
  });
}

/** A list of `least` to `most` items, each of them checked, and checks on the whole of it. */
export function list(least: number, most: number, item: Check, ...whole: readonly Check[]): Check {
  return present((value, at) => {
    if (!Array.isArray(value)) return [`${at}: Slack wants a list, got ${shown(value)}`];
    return [
      ...between(value.length, least, most, "items", at),
      ...value.flatMap((each, index) => item(each ?? null, `${at}[${index}]`)),
      ...whole.flatMap((check) => check(value, at)),
    ];
  });
}

/** A string of so many characters, counted in UTF-16 units: where Slack counts otherwise it counts fewer. */
export function characters(least: number, most: number): Check {
  return present((value, at) =>
    typeof value === "string"
      ? between(value.length, least, most, "characters", at)
      : [`${at}: Slack wants a string, got ${shown(value)}`],
  );
}

export function wholeNumber(least: number, most: number): Check {
  return present((value, at) =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most
      ? []
      : [`${at}: ${shown(value)}, Slack allows whole numbers from ${least} to ${most}`],
  );
}

export function boolean(): Check {
  return oneOf(true, false);
}

export function oneOf(...allowed: readonly (string | boolean)[]): Check {
  return present((value, at) =>
    allowed.some((each) => each === value) ? [] : [`${at}: ${shown(value)}, Slack allows ${words(allowed)}`],
  );
}

export function required(check: Check): Check {
  return (value, at) => (value === undefined ? [`${at}: missing, Slack wants it`] : check(value, at));
}

/** What may stand here, told apart by its `type`. */
export function byType(kinds: Readonly<Record<string, Check>>): Check {
  return object({ type: required(oneOf(...Object.keys(kinds))) }, (value, at) => {
    const type = isObject(value) && typeof value["type"] === "string" ? value["type"] : "";
    const check = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
    return check ? check(value, at) : [];
  });
}

/** Exactly one of these properties. */
export function exactlyOneOf(...names: readonly string[]): Check {
  return (value, at) => {
    const given = isObject(value) ? names.filter((name) => value[name] !== undefined) : [];
    return given.length === 1
      ? []
      : [`${at || "it"}: ${given.length} of ${words(names)}, Slack wants exactly one`];
  };
}

/** No two of a list's items with the same value of this property. */
export function unique(name: string): Check {
  return (value, at) => {
    const first = new Map<unknown, number>();
    return objectsIn(value).flatMap((item, index) => {
      const id = item[name];
      if (id === undefined) return [];
      const earlier = first.get(id);
      if (earlier === undefined) first.set(id, index);
      return earlier === undefined
        ? []
        : [`${at}[${index}].${name}: ${shown(id)}, as in ${at}[${earlier}]; Slack wants each once`];
    });
  };
}

/** Says when a count is outside what Slack allows. */
export function between(
  count: number,
  least: number,
  most: number,
  what: string,
  at: string,
): readonly string[] {
  if (count > most) return [`${at}: ${count} ${what}, Slack allows ${most}`];
  return count < least ? [`${at}: ${count} ${what}, Slack wants at least ${least}`] : [];
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A list's items, with an empty object for what is none, so that places stay right. */
export function objectsIn(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map((each: unknown) => (isObject(each) ? each : {})) : [];
}

function present(check: Check): Check {
  return (value, at) => (value === undefined ? [] : check(value, at));
}

function below(at: string, name: string): string {
  return at === "" ? name : `${at}.${name}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function words(values: readonly (string | boolean)[]): string {
  return values.join(", ");
}
