/** The package brings no types; of it, what the export uses. */
declare module "pg-copy-streams" {
  import type { Readable } from "node:stream";
  import type { Connection, Submittable } from "pg";

  export interface CopyToStream extends Readable, Submittable {
    /** How many rows were copied; known once the statement after it is answered. */
    readonly rowCount: number;
    submit(connection: Connection): void;
  }

  export function to(sql: string, options?: { readonly highWaterMark?: number }): CopyToStream;
}
