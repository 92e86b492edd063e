import { maskSecrets } from "../mask-password.ts";
import { ProviderError } from "./provider.ts";
import { createUnderWay } from "./under-way.ts";

/** How a provider classifies a failure. */
export type Failure = {
  readonly message: string;
  readonly retryable: boolean;
  readonly retryAfterSeconds?: number;
  readonly isPending?: boolean;
};

export type CallerOptions<Connection> = {
  /** Opens what calls use (a pool, an HTTP agent), at the first call, and again after opening failed. */
  readonly open: () => Promise<Connection>;
  readonly shut: (connection: Connection) => Promise<void>;
  /** Secrets that no error may contain, in any spelling. */
  readonly secrets: readonly string[];
  readonly classify: (error: unknown) => Failure;
  /** Time limit of one call; 9.5 s by default. */
  readonly milliseconds?: number;
};

export type Caller<Connection> = {
  /**
   * Runs `work` within what is left of the time limit since `askedAt` (`performance.now()`); throws `ProviderError`.
   * When the time is up, `signal` aborts, and the work has to release what it holds.
   */
  readonly call: <T>(
    work: (connection: Connection, signal: AbortSignal) => Promise<T>,
    askedAt?: number,
  ) => Promise<T>;
  /** Takes no more calls, waits for those under way, each within its limit, and shuts the connection. */
  readonly close: () => Promise<void>;
};

const shutMilliseconds = 1_000;

/**
 * Creates what every provider needs around its calls: a time limit, opening at first use, errors without secrets, an
 * orderly close.
 */
export function createCaller<Connection>(options: CallerOptions<Connection>): Caller<Connection> {
  const { open, shut, secrets, classify, milliseconds = 9_500 } = options;
  const underWay = createUnderWay();
  let opened: Promise<Connection> | undefined;
  let isClosed = false;

  const openOnce = async (): Promise<Connection> => {
    const opening = (opened ??= open());
    try {
      return await opening;
    } catch (error) {
      if (opened === opening) opened = undefined;
      throw error;
    }
  };
  const toProviderError = (error: unknown): ProviderError => {
    // A provider that words an error itself keeps secrets out of it.
    if (error instanceof ProviderError) return error;
    const { message, ...failure } = classify(error);
    return new ProviderError(mask(message), { ...failure, cause: withoutSecrets(error) });
  };
  const mask = (text: string): string => maskSecrets(text, secrets);
  const withoutSecrets = (error: unknown): Error => {
    const { name, message, stack, code, severity } = readError(error);
    const told = new Error(mask(message));
    if (stack !== undefined) told.stack = mask(stack);
    return Object.assign(told, {
      name,
      ...(code !== undefined && { code }),
      ...(severity !== undefined && { severity }),
    });
  };
  const bounded = async <T>(
    work: (connection: Connection, signal: AbortSignal) => Promise<T>,
    askedAt: number,
  ): Promise<T> => {
    const controller = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => {
          reject(new ProviderError(`no answer within ${milliseconds / 1_000} s`, { retryable: true }));
          controller.abort();
        },
        milliseconds - (performance.now() - askedAt),
      );
    });
    try {
      return await Promise.race([
        openOnce().then((connection) => work(connection, controller.signal)),
        tooLong,
      ]);
    } catch (error) {
      throw toProviderError(error);
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    async call(work, askedAt = performance.now()) {
      if (isClosed) throw new ProviderError("this provider has been closed", { retryable: true });
      return underWay.note(bounded(work, askedAt));
    },

    async close() {
      isClosed = true;
      await underWay.ended();
      const shutting = opened;
      opened = undefined;
      if (!shutting) return;
      const [connection] = await Promise.allSettled([shutting]);
      if (connection.status === "rejected") return;
      let timer: NodeJS.Timeout | undefined;
      const longEnough = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, shutMilliseconds);
      });
      await Promise.race([shut(connection.value), longEnough]);
      clearTimeout(timer);
    },
  };
}

type Told = {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
  readonly severity: string | undefined;
};

/** Reads the name, message, stack and codes of anything thrown. */
export function readError(error: unknown): Told {
  const [name, message, stack, code, severity] = ["name", "message", "stack", "code", "severity"].map(
    (key) => {
      const value: unknown =
        typeof error === "object" && error !== null ? Reflect.get(error, key) : undefined;
      return typeof value === "string" && value !== "" ? value : undefined;
    },
  );
  return { name: name ?? "Error", message: message ?? code ?? String(error), stack, code, severity };
}
