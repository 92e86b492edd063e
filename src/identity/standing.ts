import type { Caller } from "./caller.ts";

/** How an account stands now that was identified earlier. */
export type Standing =
  /** It may act; this is what it shows. */
  | { readonly is: "here"; readonly caller: Caller }
  /** It may do nothing any more, and does not get it back by waiting: left, became a guest, is not known. `why`: a sentence. */
  | { readonly is: "gone"; readonly why: string }
  /** It could not be found out; whoever waits tries again. */
  | { readonly is: "unknown"; readonly why: string };

/** Asks the door how one of its accounts stands now. Never throws. */
export type LookUp = (slackId: string) => Promise<Standing>;
