type Outage = "unavailable" | "destroyed";

/** How a connection of Socket Mode begins that comes to nothing: open without a hello, its upgrade unanswered or refused. */
type BadStart = "no hello" | "no answer" | { readonly status: number };

/** An answer that is none of the Web API's: what stands in it, and whether the call was carried out all the same. */
export interface OddAnswer {
  readonly status?: number;
  readonly body: string;
  readonly contentType?: string;
  readonly isDone: boolean;
}

interface Rule {
  readonly method: string | undefined;
  readonly channel?: string | undefined;
  readonly retryAfter?: RetryAfter;
  readonly error?: string;
  readonly answer?: OddAnswer;
  times: number;
}

/** Seconds; as text what stands in the header to the letter; without one the header is left out. */
type RetryAfter = number | string | undefined;

/** Switches that make the simulated Slack misbehave as the real one does. */
export interface Faults {
  /** Delays answers by `ms`, for these methods or all; `after` answers late although the thing is done. */
  readonly slow: (ms: number, methods?: readonly string[], when?: "before" | "after") => void;
  /** Web API answers 503 (or its connections are destroyed) and sockets are cut, until `clear`. */
  readonly down: (how?: Outage) => void;
  /** The next `times` calls (of the method, or of any; about one channel, by its id, or all) get 429 with Retry-After. */
  readonly rateLimit: (
    method: string | undefined,
    retryAfter: RetryAfter,
    times?: number,
    channel?: string,
  ) => void;
  /** The next `times` calls of the method, or of any (`upload`: of the bytes of a file) get this for an answer. */
  readonly answerOddly: (method: string | undefined, answer: OddAnswer, times?: number) => void;
  /** Lists come in pages of so many at most, whatever was asked for. */
  readonly limitPages: (size: number) => void;
  /** The next `times` connections of Socket Mode begin badly. */
  readonly startBadly: (how: BadStart, times?: number) => void;
  /** Slack takes no leave of connections: it answers no close frame, and TCP stays open. */
  readonly leaveOpen: () => void;
  /** Into one channel so many messages at once and then one each `intervalMs`; what is more gets 429. */
  readonly limitPosting: (burst: number, intervalMs: number) => void;
  /** The next `times` calls of the method answer `{ok: false, error}`. */
  readonly failNext: (method: string, error: string, times?: number) => void;
  /** The next `times` calls of the method are carried out, but the answer never arrives. */
  readonly loseAnswer: (method: string, times?: number) => void;
  /** Every delivery to the app is made `n` times. */
  readonly duplicateDeliveries: (n: number, how?: "concurrently" | "in sequence") => void;
  /** Every call is refused with this error. */
  readonly revokeToken: (error?: "token_revoked" | "account_inactive" | "invalid_auth") => void;
  /** Back to normal. */
  readonly clear: () => void;
}

/** The reading side of the switches, for the server. */
export interface ActiveFaults {
  readonly outage: () => Outage | undefined;
  readonly delay: (method: string, when: "before" | "after") => number;
  readonly takeRateLimit: (
    method: string,
    channel: string,
  ) => { readonly retryAfter?: RetryAfter } | undefined;
  /** Seconds to wait where the channel has had its share. */
  readonly takePostLimit: (channel: string) => number | undefined;
  readonly takeFailure: (method: string) => string | undefined;
  readonly takeLostAnswer: (method: string) => boolean;
  readonly takeOddAnswer: (method: string) => OddAnswer | undefined;
  readonly pageLimit: () => number;
  readonly takeBadStart: () => BadStart | undefined;
  readonly leavesOpen: () => boolean;
  readonly tokenError: () => string | undefined;
  readonly copies: () => { readonly count: number; readonly how: "concurrently" | "in sequence" };
}

/** Builds the switches; `onDown` cuts whatever is connected. */
export function createFaults(onDown: () => void): { readonly faults: Faults; readonly active: ActiveFaults } {
  let outage: Outage | undefined;
  let delays: {
    readonly ms: number;
    readonly methods: readonly string[] | undefined;
    readonly when: string;
  }[] = [];
  let rateLimits: Rule[] = [];
  let postLimit: { readonly burst: number; readonly intervalMs: number } | undefined;
  const posted = new Map<string, { readonly left: number; readonly at: number }>();
  let failures: Rule[] = [];
  let lost: Rule[] = [];
  let oddAnswers: Rule[] = [];
  let pageLimit = Infinity;
  let badStarts: BadStart[] = [];
  let leavesOpen = false;
  let tokenError: string | undefined;
  let copies: ReturnType<ActiveFaults["copies"]> = { count: 1, how: "in sequence" };

  const faults: Faults = {
    slow: (ms, methods, when = "before") => void delays.push({ ms, methods, when }),
    down: (how = "unavailable") => {
      outage = how;
      onDown();
    },
    rateLimit: (method, retryAfter, times = 1, channel) =>
      void rateLimits.push({ method, channel, retryAfter, times }),
    answerOddly: (method, answer, times = 1) => void oddAnswers.push({ method, answer, times }),
    limitPages: (size) => {
      pageLimit = size;
    },
    startBadly: (how, times = 1) => void badStarts.push(...Array.from({ length: times }, () => how)),
    leaveOpen: () => {
      leavesOpen = true;
    },
    limitPosting: (burst, intervalMs) => {
      postLimit = { burst, intervalMs };
      posted.clear();
    },
    failNext: (method, error, times = 1) => void failures.push({ method, error, times }),
    loseAnswer: (method, times = 1) => void lost.push({ method, times }),
    duplicateDeliveries: (count, how = "concurrently") => {
      copies = { count, how };
    },
    revokeToken: (error = "token_revoked") => {
      tokenError = error;
    },
    clear: () => {
      outage = undefined;
      tokenError = undefined;
      delays = [];
      rateLimits = [];
      postLimit = undefined;
      failures = [];
      lost = [];
      oddAnswers = [];
      pageLimit = Infinity;
      badStarts = [];
      leavesOpen = false;
      copies = { count: 1, how: "in sequence" };
    },
  };
  const active: ActiveFaults = {
    outage: () => outage,
    delay: (method, when) =>
      delays
        .filter((delay) => delay.when === when && (delay.methods?.includes(method) ?? true))
        .reduce((sum, delay) => sum + delay.ms, 0),
    takeRateLimit: (method, channel) =>
      take(
        rateLimits.filter((rule) => (rule.channel ?? channel) === channel),
        method,
      ),
    takePostLimit: (channel) => {
      if (postLimit === undefined) return undefined;
      const { burst, intervalMs } = postLimit;
      const now = performance.now();
      const { left, at } = posted.get(channel) ?? { left: burst, at: now };
      const share = Math.min(burst, left + (now - at) / intervalMs);
      posted.set(channel, { left: share < 1 ? share : share - 1, at: now });
      return share < 1 ? Math.max(1, Math.ceil(((1 - share) * intervalMs) / 1000)) : undefined;
    },
    takeFailure: (method) => take(failures, method)?.error,
    takeLostAnswer: (method) => take(lost, method) !== undefined,
    takeOddAnswer: (method) => take(oddAnswers, method)?.answer,
    pageLimit: () => pageLimit,
    takeBadStart: () => badStarts.shift(),
    leavesOpen: () => leavesOpen,
    tokenError: () => tokenError,
    copies: () => copies,
  };
  return { faults, active };
}

function take(rules: readonly Rule[], method: string): Rule | undefined {
  const rule = rules.find((candidate) => candidate.times > 0 && (candidate.method ?? method) === method);
  if (rule !== undefined) rule.times -= 1;
  return rule;
}
