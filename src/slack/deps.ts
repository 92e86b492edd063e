import type { WebClient } from "@slack/web-api";
import type { Logger } from "../logger.ts";
import type { SigningKey } from "../audit/chain/signing-key.ts";
import type { PolicyDeps } from "../access/deps.ts";
import type { SecretBox } from "../access/secret-box.ts";
import type { Workspace } from "./directory/identify.ts";
import type { Directory } from "./directory/directory.ts";
import type { Exports } from "./exports.ts";
import type { UserGroups } from "./directory/user-groups.ts";

/** What the listeners need. */
export type SlackDeps = PolicyDeps & {
  readonly workspace: Workspace;
  readonly directory: Directory;
  readonly userGroups: UserGroups;
  readonly log: Logger;
  /**
   * Counts a person as waiting until the work is done, so that background work holds back. A person waits until the
   * interaction is acknowledged (see receive.ts), and for a form that is opened or changed after that; not for later
   * work.
   */
  readonly attend: <T>(work: () => Promise<T>) => Promise<T>;
  /** A client with a longer timeout, because sending files takes time. */
  readonly uploads: WebClient;
  readonly exports: Exports;
  /** Tells the alerts channel something that is about no request. */
  readonly alert: (text: string) => void;
  /** Where the audit is read from. */
  readonly databaseUrl: string;
  /** Signs audit exports. */
  readonly auditKey: () => Promise<SigningKey>;
  /** Decrypts what was handed over with access. */
  readonly secretBox: SecretBox;
};
