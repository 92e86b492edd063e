import type { Provider } from "../../../src/providers/provider.ts";

/** The provider, with all that its calls throw noted. */
export function recorded(provider: Provider, thrown: unknown[]): Provider {
  const note = (error: unknown): never => {
    thrown.push(error);
    throw error;
  };
  return new Proxy(provider, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...args: readonly unknown[]): unknown => {
        const outcome: unknown = Reflect.apply(value, target, args);
        return outcome instanceof Promise ? outcome.catch(note) : outcome;
      };
    },
  });
}
