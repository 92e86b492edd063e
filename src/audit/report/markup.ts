/** HTML or SVG that is safe to write as it is: made by `markup` alone. */
export type Markup = { readonly written: string };

type Part = Markup | string | number | readonly Markup[];

/** HTML or SVG in which whatever is put is text, unless it is markup itself. */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return {
    written: strings.reduce((sofar, text, index) => `${sofar}${write(parts[index - 1] ?? "")}${text}`),
  };
}

function write(part: Part): string {
  if (typeof part === "string" || typeof part === "number") return escape(String(part));
  return "written" in part ? part.written : part.map(({ written }) => written).join("\n");
}

// What no page may hold, and what would turn the text around it.
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
