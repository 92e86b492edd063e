import type { Terms } from "../../domain/request/request.ts";

/** A key of the stored terms as a literal of SQL; a field that SQL reads cannot be renamed without it. */
export function termKey(key: keyof Terms | keyof NonNullable<Terms["extends"]>): string {
  return `'${key}'`;
}
