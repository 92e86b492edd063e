import { Socket } from "node:net";
import pg from "pg";
import type { SqlResult } from "../protocol.ts";

/** What came of some SQL; `tag` is the server's own word for the last statement, such as `SELECT 5`. */
export type Ran = { readonly result: SqlResult; readonly tag: string | null };

const connectMs = 3_000;
const statementMs = 5_000;
/** For whoever sets statement_timeout to something else. */
const wholeMs = 7_000;
const maxRows = 200;
const maxCell = 5_000;
const maxBytes = 32 * 1024 * 1024;

/** Runs SQL on a connection of its own and shows what its last statement gave. Never throws for what comes of it. */
export async function runSql(url: string, text: string): Promise<Ran> {
  const odd = oddity(text);
  if (odd !== undefined) return failed(odd);
  const socket = new Socket();
  let bytes = 0;
  socket.on("data", (chunk) => {
    bytes += chunk.length;
    if (bytes > maxBytes) socket.destroy(new Error(`more than ${maxBytes >> 20} MB came: ask for less`));
  });
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: connectMs,
    statement_timeout: statementMs,
    options: "-c client_connection_check_interval=1000",
    application_name: "playground",
    stream: () => socket,
  });
  // One that is lost while it runs is told by its statement.
  client.on("error", () => undefined);
  const timer = setTimeout(() => {
    socket.destroy(new Error(`no answer within ${wholeMs / 1_000} s`));
  }, wholeMs);
  try {
    await client.connect();
    return await new Promise<Ran>((resolve) => {
      client.query(createReading(text, () => client.getTransactionStatus(), resolve));
    });
  } catch (error) {
    return failed(wordError(error));
  } finally {
    clearTimeout(timer);
    // Whatever it left open, a transaction say, is the server's to undo.
    socket.destroy();
  }
}

function failed(text: string): Ran {
  return { result: { kind: "error", text }, tag: null };
}

/** What psql would take, or nobody: never sent. */
function oddity(text: string): string | undefined {
  const command = /^\s*(\\\S*)/.exec(text)?.[1];
  if (command !== undefined) {
    return `${command} is psql's own; expected SQL, such as: SELECT * FROM orders;`;
  }
  if (text.includes("\0")) return "SQL has no NUL characters; this had one.";
  return undefined;
}

type Shown = {
  readonly columns: readonly string[];
  readonly rows: (readonly (string | null)[])[];
  cut: boolean;
};

/**
 * A query as pg drives it, by the protocol's messages: pg's own would keep all rows and only the first word of a tag.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SIMPLE-QUERY
 */
function createReading(
  text: string,
  transactionStatus: () => string | null,
  done: (ran: Ran) => void,
): pg.Submittable {
  let rows: Shown | undefined;
  let last: Ran = {
    result: { kind: "done", text: "Nothing was run: there is no statement in it." },
    tag: null,
  };
  const reading = {
    submit: (connection: pg.Connection) => connection.query(text),
    handleRowDescription: ({ fields }: { readonly fields: readonly { readonly name: string }[] }) => {
      rows = { columns: fields.map(({ name }) => name), rows: [], cut: false };
    },
    handleDataRow: ({ fields }: { readonly fields: readonly (string | null)[] }) => {
      if (rows === undefined) return;
      if (rows.rows.length < maxRows) rows.rows.push(fields.map(cell));
      else rows.cut = true;
    },
    handleCommandComplete: ({ text: tag }: { readonly text: string }) => {
      last = { result: rows ? shown(rows) : { kind: "done", text: tag }, tag };
      rows = undefined;
    },
    handleEmptyQuery: () => undefined,
    handlePortalSuspended: () => undefined,
    handleCopyInResponse: (connection: { readonly sendCopyFail: (why: string) => void }) =>
      connection.sendCopyFail("nothing can be sent from here"),
    handleCopyData: () => undefined,
    handleError: (error: unknown) => done(failed(wordError(error))),
    handleReadyForQuery: () => {
      const { result, tag } = last;
      if (result.kind !== "done" || transactionStatus() === "I") return done(last);
      const note = "rolled back: each run is a connection of its own, and this one had no COMMIT";
      done({ result: { kind: "done", text: `${result.text} (${note})` }, tag });
    },
  };
  return reading;
}

function shown({ columns, rows, cut }: Shown): SqlResult {
  return { kind: "rows", columns, rows, isCut: cut };
}

function cell(text: string | null): string | null {
  return text !== null && text.length > maxCell ? `${text.slice(0, maxCell)}…` : text;
}

/** In psql's words. */
function wordError(error: unknown): string {
  if (!(error instanceof pg.DatabaseError)) {
    return `The connection failed: ${error instanceof Error ? error.message || error.name : String(error)}`;
  }
  const { severity = "ERROR", message, detail, hint } = error;
  return [`${severity}:  ${message}`, detail && `DETAIL:  ${detail}`, hint && `HINT:  ${hint}`]
    .filter((line) => line)
    .join("\n");
}
