import { z } from "zod";

/** A server that tests use. */
export interface TestServer {
  /** A name on PATH, or a whole path; absent where the server comes with `npm ci`. */
  readonly program?: string;
  /** Debian's packages that bring the program. */
  readonly packages: readonly string[];
  /** The variable that gives the URL of a server to use instead. */
  readonly env?: string;
  start(): Promise<RunningServer>;
}

/** What one has of a server that runs. */
export interface RunningServer {
  /** As whom may do everything in it. */
  readonly url: string;
  /** The same URL as others, by what they are. */
  readonly logins?: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Where a server is, or in words why there is none. */
export const Found = z.object({
  url: z.string().optional(),
  logins: z.record(z.string(), z.string()).default({}),
  missing: z.string().default(""),
});
export type Found = z.infer<typeof Found>;
