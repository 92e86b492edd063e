import type { RequestSource } from "../../domain/request/request.ts";
import type { Caller } from "../../identity/caller.ts";
import type { TypedInput } from "../../policy/decide/ask.ts";

/** What somebody asks for, as it came in. */
export type AccessAsk = {
  readonly requester: Caller;
  readonly resource: string;
  readonly role: string;
  readonly durationSeconds: number;
  readonly reason: string;
  readonly ticket?: string;
  /** What was typed for the providers of the role, such as a public key. */
  readonly input?: TypedInput;
  readonly source: RequestSource;
  readonly ip?: string;
  /** Taken now and reviewed afterwards. */
  readonly isBreakGlass?: boolean;
  /** Idempotency key of the interaction: delivered again, it files nothing new. */
  readonly dedupeKey?: string;
};

/** Asks to extend the access of another request, which ends at `until`. `place`: its number among the extensions of that request. */
export type ExtensionAsk = AccessAsk & {
  readonly extends: {
    readonly requestId: string;
    readonly number: number;
    readonly until: Date;
    readonly place: number;
  };
};

export type AnyAsk = AccessAsk & Partial<Pick<ExtensionAsk, "extends">>;
