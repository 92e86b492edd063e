import type { providerTypes } from "../../src/providers/registry.ts";
import { testServer } from "../servers/ask.ts";
import type { Guarded } from "./guarded.ts";
import { startGuardedTool } from "./http.ts";
import { startGuardedPostgres } from "./postgres.ts";

/** A kind of system that Hallpass guards over the wire, and why it is missing where it can't be started. */
export interface GuardedKind {
  readonly title: string;
  /** The provider by which Hallpass guards it. */
  readonly type: keyof typeof providerTypes;
  readonly missing?: string;
  start(): Promise<Guarded>;
}

const postgres15 = await testServer("postgres-15");

/** All of them: at least one for each provider. */
export const guardedKinds: readonly GuardedKind[] = [
  { title: "PostgreSQL", type: "postgres", start: () => startGuardedPostgres() },
  {
    title: "PostgreSQL 15",
    type: "postgres",
    ...(postgres15.url === undefined && { missing: postgres15.missing }),
    start: () => startGuardedPostgres(postgres15.url),
  },
  { title: "a tool by HTTP", type: "http", start: startGuardedTool },
];
