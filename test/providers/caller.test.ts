import { inspect } from "node:util";
import { createCaller, readError, type Caller } from "../../src/providers/caller.ts";
import { ProviderError } from "../../src/providers/provider.ts";

const secret = "s3cret/w&rd";

type Log = string[];

function caller(
  log: Log,
  options: { milliseconds?: number; open?: () => Promise<string> } = {},
): Caller<string> {
  return createCaller({
    open: () => {
      log.push("open");
      return Promise.resolve("connection");
    },
    shut: async () => {
      log.push("shut");
    },
    secrets: [secret],
    classify: (error) => {
      const { message, code } = readError(error);
      return { message, retryable: code === "EAGAIN", ...(code === "EAGAIN" && { retryAfterSeconds: 7 }) };
    },
    ...options,
  });
}

test("opens at the first call, once, and shuts what it opened", async () => {
  const log: Log = [];
  const { call, close } = caller(log);
  expect(log).toEqual([]);
  expect(
    await Promise.all([call((one) => Promise.resolve(one)), call((one) => Promise.resolve(one))]),
  ).toEqual(["connection", "connection"]);
  await close();
  await close();
  expect(log).toEqual(["open", "shut"]);
});

test("shuts nothing that was never opened", async () => {
  const log: Log = [];
  await caller(log).close();
  expect(log).toEqual([]);
});

test("opens again after it could not", async () => {
  let tries = 0;
  const { call } = caller([], {
    open: () => {
      tries += 1;
      return tries === 1 ? Promise.reject(new Error("no such module")) : Promise.resolve("second");
    },
  });
  await expect(call((one) => Promise.resolve(one))).rejects.toThrow("no such module");
  expect(await call((one) => Promise.resolve(one))).toBe("second");
});

test("an error is what the provider makes of it, without its secrets in any spelling", async () => {
  const { call } = caller([]);
  const told: unknown = await call(() =>
    Promise.reject(
      Object.assign(new TypeError(`at https://u:${encodeURIComponent(secret)}@x, "${secret}"`), {
        code: "EAGAIN",
        input: `https://u:${secret}@x`,
      }),
    ),
  ).catch((error: unknown) => error);
  expect(told).toBeInstanceOf(ProviderError);
  expect(told).toMatchObject({ message: 'at https://u:***@x, "***"', retryable: true, retryAfterSeconds: 7 });
  const shown = inspect(told, { depth: 9, showHidden: true });
  expect(shown).toContain("EAGAIN");
  expect(shown).not.toContain(secret);
  expect(shown).not.toContain(encodeURIComponent(secret));
});

test("a refusal of the provider's own stays as it is", async () => {
  const refusal = new ProviderError("no", { retryable: false });
  const told: unknown = await caller([])
    .call(() => Promise.reject(refusal))
    .catch((error: unknown) => error);
  expect(told).toBe(refusal);
});

test("what takes too long is given up and told to let go, counted from when it was asked", async () => {
  const { call } = caller([], { milliseconds: 50 });
  let hasLetGo = false;
  const endless = (_: string, signal: AbortSignal): Promise<never> =>
    new Promise(() => signal.addEventListener("abort", () => (hasLetGo = true)));
  await expect(call(endless)).rejects.toMatchObject({ message: "no answer within 0.05 s", retryable: true });
  expect(hasLetGo).toBe(true);
  await expect(call(endless, performance.now() - 60)).rejects.toMatchObject({ retryable: true });
});

test("a close waits for the calls under way, takes no more, and is itself bounded", async () => {
  const log: Log = [];
  const { call, close } = caller(log, { milliseconds: 100 });
  let finish = (): void => undefined;
  const slow = call(
    () =>
      new Promise<string>((resolve) => {
        finish = () => resolve("done");
      }),
  );
  const endless = call(() => new Promise<never>(() => undefined));
  endless.catch(() => undefined);
  await call(() => Promise.resolve());
  const closing = close().then(() => log.push("closed"));
  await expect(call(() => Promise.resolve())).rejects.toMatchObject({
    message: "this provider has been closed",
    retryable: true,
  });
  expect(log).toEqual(["open"]);
  finish();
  expect(await slow).toBe("done");
  await closing;
  await expect(endless).rejects.toMatchObject({ retryable: true });
  expect(log).toEqual(["open", "shut", "closed"]);
});
