/** HTML or SVG that is safe to write as it is; made only by `markup`. */
export type Markup = { readonly written: string };

type Part = Markup | string | number | readonly Markup[];

/** Builds HTML or SVG; inserted values are escaped as text, unless they are markup themselves. */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return {
    written: strings.reduce((sofar, text, index) => `${sofar}${write(parts[index - 1] ?? "")}${text}`),
  };
}

function write(part: Part): string {
  if (typeof part === "string" || typeof part === "number") return escape(String(part));
  return "written" in part ? part.written : part.map(({ written }) => written).join("\n");
}

// Characters that no page may hold, and ones that would reorder the text around them.
const unprintable = /(?![\n\r\t])\p{Cc}|\p{Bidi_Control}/gu;

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escape(text: string): string {
  return text
    .replaceAll(unprintable, "\uFFFD")
    .replaceAll(/[&<>"']/g, (character) => entities[character] ?? "");
}
