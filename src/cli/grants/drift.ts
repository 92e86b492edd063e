import { visibly, onTerminalLine } from "../../domain/text.ts";
import { openDatabase } from "../../persistence/database/database.ts";
import { type DriftLook, type ListedDrift, listDrift, listDriftLooks } from "../../persistence/drift/list.ts";
import { readSettings } from "../settings.ts";
import { withDatabase } from "../storage.ts";
import { requestName } from "../../domain/request/request.ts";
import { wordTime } from "./list.ts";

export type DriftOptions = { readonly json?: boolean };

/** `hallpass grants drift`: prints the drift found in the providers, a line each. Resolves with the exit code. */
export async function grantsDrift({ json = false }: DriftOptions): Promise<number> {
  const { drift, looks } = await withDatabase(readSettings(), { mustExist: true }, async (databaseUrl) => {
    const database = openDatabase(databaseUrl);
    try {
      return { drift: await listDrift(database.prisma), looks: await listDriftLooks(database.prisma) };
    } finally {
      await database.close();
    }
  });
  process.stdout.write(json ? `${JSON.stringify(drift, null, 2)}\n` : wordDrift(drift, looks));
  return 0;
}

function wordDrift(drift: readonly ListedDrift[], looks: readonly DriftLook[]): string {
  const lines = [...drift.map(wordOne), ...looks.flatMap(wordTrouble)];
  if (lines.length > 0) return `${lines.join("\n")}\n`;
  const times = looks.flatMap(({ lookedAt }) => (lookedAt ? [lookedAt.getTime()] : []));
  if (times.length === 0)
    return "Nobody has looked yet: Hallpass looks for drift while it runs, where a provider can list who holds what.\n";
  return `Nothing was found that is not as it should be, when each provider was last read (${wordTime(new Date(Math.min(...times)))} or later).\n`;
}

/** What was not read may hold anything. */
function wordTrouble({ provider, lookedAt, trouble }: DriftLook): readonly string[] {
  if (trouble === null) return [];
  const when = lookedAt ? ` at ${wordTime(lookedAt)}` : "";
  return [`unread: ${provider} could not be read${when}: ${onTerminalLine(visibly(trouble))}`];
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
  const request = number === null ? "" : `, ${requestName({ number })}`;
  const words = detail === null ? "" : `: ${onTerminalLine(detail)}`;
  return `${kind}: ${onTerminalLine(visibly(subject))}${person} in ${provider}, ${access.join(", ")}${request}, since ${wordTime(since)}, ${outcome}${words}`;
}
