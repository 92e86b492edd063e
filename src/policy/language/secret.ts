import type { Policy } from "../policy.ts";

// Policy texts are stored and shown, so a policy only ever names its secrets.

const reference = /\$\{([a-z_][a-z0-9_]*)\}/giu;
const onlyReferences = /^(?:\$\{[a-z_][a-z0-9_]*\})+$/iu;
const secretKey = /(?:password|passwd|secret|token|credentials?|(?:api|private|access|secret)_?key)$/iu;

/** `user:password@`. A password may hold unescaped `/` and `?`, so it reaches to the last `@`; a port before a path is no password. */
const passwordInUrl = /:\/\/[^/?#@:]*:(?!\d{1,5}[/?#])(.+)@/su;
const passwordParameter =
  /(?:^|[?&;\s])(?:password|passwd|pwd|sslpassword|token|secret)\s*=\s*(?<value>[^&;\s]+)/giu;

const expected = "reference it as ${NAME}; policy texts are stored, secrets never are";

/**
 * Why an option's text may not be in a policy: it holds a secret, or a reference that nothing will resolve. The answer never
 * repeats the text.
 */
export function hidesSecret(key: string, text: string): string | undefined {
  const password = passwordInUrl.exec(text)?.[1];
  if (password !== undefined && !onlyReferences.test(password))
    return `expected no password in a URL, got one: ${expected}`;
  const parameters = [...text.matchAll(passwordParameter)].map((match) => match.groups?.["value"] ?? "");
  if (parameters.some((value) => !onlyReferences.test(value)))
    return `expected no password in a connection text, got one: ${expected}`;
  if (secretKey.test(key) && !onlyReferences.test(text)) return `expected no secret, got one: ${expected}`;
  if (text.replace(reference, "").includes("${"))
    return "expected references written ${NAME}, letters, digits and _ only, got another form";
  return undefined;
}

/** The names in `${NAME}` references in the options of providers and sinks: distinct, sorted. */
export function secretReferences(policy: Policy): readonly string[] {
  const options = [...[...policy.providers.values()].map((each) => each.options), ...policy.sinks.values()];
  const names = options.flatMap(referencesIn);
  return [...new Set(names)].toSorted();
}

function referencesIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [...value.matchAll(reference)].map((match) => match[1] ?? "");
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(referencesIn);
}
