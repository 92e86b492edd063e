import { messageOf } from "../../error-message.ts";

/** Hallpass's own PostgreSQL can't be used; the message says what was expected, what came and what to do. */
export class EmbeddedPostgresError extends Error {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "EmbeddedPostgresError";
  }
}

/** The code of a failed system call (`EACCES`, `ENOENT`, ...), if that is what `error` is. */
export function systemCode(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === "string" ? code : undefined;
}

const advice: Readonly<Record<string, string>> = {
  EACCES: "make it writable for the user Hallpass runs as, or set HALLPASS_DATA_DIR to a directory that is",
  EPERM: "make it belong to the user Hallpass runs as, or set HALLPASS_DATA_DIR to a directory that does",
  EROFS: "it is on a read-only file system; set HALLPASS_DATA_DIR to a writable directory",
  ENOSPC: "the disk is full; free some space",
  EDQUOT: "the disk quota is used up; free some space",
  ENOTDIR: "a part of that path is a file; set HALLPASS_DATA_DIR to a directory",
  EEXIST: "a part of that path is a file; set HALLPASS_DATA_DIR to a directory",
};

/** Explains a failed system call to an operator; returns any other error unchanged. */
export function explainSystemError(error: unknown, dataDir: string): unknown {
  const code = systemCode(error);
  const hint = code === undefined ? undefined : advice[code];
  if (hint === undefined) return error;
  return new EmbeddedPostgresError(
    `The data directory ${dataDir} must be writable for Hallpass's own PostgreSQL, but: ${messageOf(error)}; ${hint}.`,
    { cause: error },
  );
}
