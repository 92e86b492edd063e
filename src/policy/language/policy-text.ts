/** A file of a policy. `name` has no folder: the policy's hash must not depend on where it is kept. */
export type PolicyText = { readonly name: string; readonly text: string };

/** Joins the files of a policy: one file's text as it is; several as YAML documents, each under its name. */
export function joinTexts(files: readonly PolicyText[]): string {
  const [only, ...others] = files;
  if (only && others.length === 0) return only.text;
  return files
    .map(({ name, text }) => `---\n# file: ${name}\n${text}${text.endsWith("\n") ? "" : "\n"}`)
    .join("");
}

/** Splits a text into the files that were joined; a single one is called `name`, since its name is not in the text. */
export function splitText(text: string, name: string): readonly PolicyText[] {
  const files: PolicyText[] = [];
  for (const [document, file = "", body = ""] of text.matchAll(
    /^---\n# file: (.+)\n([^]*?)(?=^---\n# file: |$(?![^]))/gmu,
  )) {
    const last = files.at(-1);
    // No file of a policy is empty: this one begins with what looks like a separator of ours.
    if (last?.text === "") files.splice(-1, 1, { name: last.name, text: document });
    else files.push({ name: file, text: body });
  }
  return files.length > 1 && joinTexts(files) === text ? files : [{ name, text }];
}
