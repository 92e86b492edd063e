import { visibly } from "../domain/text.ts";
import { openDatabase } from "../persistence/database.ts";
import { type ListedDrift, listDrift } from "../persistence/drift-list.ts";
import { readSettings } from "./settings.ts";
import { withDatabase } from "./storage.ts";

export type DriftOptions = { readonly json?: boolean };

/** `hallpass grants drift`: prints the drift found in the providers, a line each. Resolves with the exit code. */
export async function grantsDrift({ json = false }: DriftOptions): Promise<number> {
  const drift = await withDatabase(readSettings(), { mustExist: true }, async (databaseUrl) => {
    const database = openDatabase(databaseUrl);
    try {
      return await listDrift(database.prisma);
    } finally {
      await database.close();
    }
  });
  process.stdout.write(json ? `${JSON.stringify(drift, null, 2)}\n` : wordDrift(drift));
  return 0;
}

function wordDrift(drift: readonly ListedDrift[]): string {
  if (drift.length === 0) return "Nothing was found that is not as it should be.\n";
  return drift.map((each) => `${wordOne(each)}\n`).join("");
}

function wordOne({
  kind,
  provider,
  subject,
  access,
  people,
  number,
  since,
  outcome,
  detail,
}: ListedDrift): string {
  const person = people.length === 0 ? "" : ` (${people.join(" or ")})`;
  const request = number === null ? "" : `, AR-${number}`;
  const words = detail === null ? "" : `: ${onOneLine(detail)}`;
  const at = since.toISOString().slice(0, 19);
  return `${kind}: ${onOneLine(visibly(subject))}${person} in ${provider}, ${access.join(", ")}${request}, since ${at}Z, ${outcome}${words}`;
}

/** Removes control characters from a provider's text, so that nothing in it moves the terminal's cursor or begins a line. */
function onOneLine(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ");
}
