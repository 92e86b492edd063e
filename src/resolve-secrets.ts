/** A value whose `${NAME}` references are resolved, and what they stood for. */
export type Resolved = { readonly value: unknown; readonly secrets: readonly string[] };

/** A reference to a variable that is not set, and the keys that lead to it. */
export class MissingSecret extends Error {
  readonly variable: string;
  readonly path: readonly string[];

  constructor(variable: string, path: readonly string[]) {
    super(`the environment variable ${variable} is not set`);
    this.name = "MissingSecret";
    this.variable = variable;
    this.path = path;
  }
}

/** Whether a text is known only once its references are resolved. */
export function hasReference(text: string): boolean {
  return text.includes("${");
}

/** Resolves references in all texts, however deep in objects and lists; throws `MissingSecret`. */
export function resolveSecrets(written: unknown, secretOf: (name: string) => string | undefined): Resolved {
  const secrets: string[] = [];
  const resolve = (value: unknown, path: readonly string[]): unknown => {
    if (Array.isArray(value)) return value.map((inner, index) => resolve(inner, [...path, String(index)]));
    if (typeof value === "object" && value !== null)
      return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [key, resolve(inner, [...path, key])]),
      );
    if (typeof value !== "string") return value;
    return value.replace(/\$\{([^}]*)\}/g, (_, variable: string) => {
      const secret = secretOf(variable);
      // An empty variable is what a forgotten one looks like in a compose file.
      if (!secret) throw new MissingSecret(variable, path);
      secrets.push(secret);
      return secret;
    });
  };
  return { value: resolve(written, []), secrets };
}
