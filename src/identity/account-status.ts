import type { Caller } from "./caller.ts";

/** Current status of an account that was identified earlier. */
export type AccountStatus =
  /** It may act; `caller` is what it shows now. */
  | { readonly is: "here"; readonly caller: Caller }
  /** It may not act any more, and waiting does not help: it left, became a guest, or is not known. `why`: a sentence. */
  | { readonly is: "gone"; readonly why: string }
  /** The lookup failed; a caller that can wait retries. */
  | { readonly is: "unknown"; readonly why: string };

/** Looks up an account's current status where it came from. Never throws. */
export type LookUp = (account: string) => Promise<AccountStatus>;
