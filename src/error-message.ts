/** An error's message, whatever kind of value was thrown. */
export function messageOf(error: unknown): string {
  const message = property(error, "message");
  if (typeof message === "string" && message !== "") return message;
  // Node tries a host name's addresses in turn and wraps their errors in one with an empty message.
  const errors = property(error, "errors");
  if (Array.isArray(errors) && errors.length > 0) return errors.map(messageOf).join("; ");
  const code = property(error, "code");
  return typeof code === "string" ? code : String(error);
}

/** Reads a property of a thrown value; errors from other realms and from WebAssembly are not `instanceof Error`. */
export function property(error: unknown, name: string): unknown {
  return typeof error === "object" && error !== null ? Reflect.get(error, name) : undefined;
}
