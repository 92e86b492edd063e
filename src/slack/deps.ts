import type { WebClient } from "@slack/web-api";
import type { Logger } from "../logger.ts";
import type { SigningKey } from "../audit/signing-key.ts";
import type { PolicyDeps } from "../access/deps.ts";
import type { Seal } from "../access/seal.ts";
import type { Workspace } from "./identify.ts";
import type { Directory } from "./directory.ts";
import type { Exports } from "./exports.ts";
import type { UserGroups } from "./user-groups.ts";

/** What the listeners need. */
export type SlackDeps = PolicyDeps & {
  readonly workspace: Workspace;
  readonly directory: Directory;
  readonly userGroups: UserGroups;
  readonly log: Logger;
  /**
   * Counts a person as waiting until the work is done, so that what can wait does. They wait until the interaction is
   * acknowledged (see receive.ts), and for a form that is opened or changed after that; not for what comes later.
   */
  readonly attend: <T>(work: () => Promise<T>) => Promise<T>;
  /** Sends files, which take their time. */
  readonly uploads: WebClient;
  readonly exports: Exports;
  /** Where the audit is read from. */
  readonly databaseUrl: string;
  /** Signs what is exported of it. */
  readonly auditKey: () => Promise<SigningKey>;
  /** Opens what was handed over. */
  readonly seal: Seal;
};
