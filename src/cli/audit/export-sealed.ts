import { exportSealed, findSealed } from "../../audit/export/sealed-export.ts";
import { withSnapshot } from "../../audit/chain/snapshot.ts";
import { placeIn } from "./evidence.ts";
import { openOutput, recordExport, writeExport } from "./export-output.ts";
import { signingKey } from "./key.ts";
import { CommandError } from "../failure.ts";
import { readSettings } from "../settings.ts";
import { withDatabase } from "../storage.ts";

type SealedOptions = {
  readonly output: string;
  readonly format: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
};

/** `hallpass audit export --sealed`: exports the chain as it is, place by place. Resolves with the exit code. */
export async function auditExportSealed({ output, format, ...rest }: SealedOptions): Promise<number> {
  const { from, to, ...filters } = rest;
  const [unusable] = [...Object.keys(filters), ...(format === "csv" ? [] : ["format"])];
  if (unusable !== undefined)
    throw new CommandError(
      `--${unusable} chooses among events, and --sealed is a whole range of the chain: give --from and --to instead.`,
    );
  const asked = { from: placeIn(from, "--from"), to: placeIn(to, "--to") };
  return withDatabase(readSettings(), { mustExist: true }, (databaseUrl) =>
    withSnapshot({ databaseUrl, name: "hallpass audit export" }, async (client) => {
      const range = await findSealed(client, asked);
      if ("fault" in range) throw new CommandError(`This range can't be exported: ${range.fault}.`);
      const key = await signingKey();
      const target = await openOutput(output);
      await recordExport(databaseUrl, "sealed", { from: String(range.from), to: String(range.to) });
      const expected = range.to - range.from + 1;
      return writeExport({ ...exportSealed(client, range, key), expected: () => expected }, output, target);
    }),
  );
}
