/** Parses JSON; `undefined`, which matches no schema, if it is none: the parser's own message would repeat what came. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
