export type ProviderCall = "check" | "list" | "grant" | "revoke";

/** One way in which an endpoint fails the next calls. */
export type ProviderFault =
  /** Does nothing and answers this. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly body?: string;
      readonly type?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Does it, and answers 500. */
  | { readonly kind: "does it and answers 500" }
  /** Does it, and the connection ends. */
  | { readonly kind: "does it and drops the connection" }
  /** Does nothing, and the connection ends. */
  | { readonly kind: "drops the connection" }
  /** Does nothing and never answers, until `heal`. */
  | { readonly kind: "hangs" }
  /** Does it and never answers, until `heal`. */
  | { readonly kind: "does it and hangs" }
  /** Does it and answers after a while. */
  | { readonly kind: "answers late"; readonly milliseconds: number }
  /** Does it after a while, and answers. */
  | { readonly kind: "slow"; readonly milliseconds: number }
  /** Does it, and the answer breaks off in its middle. */
  | { readonly kind: "breaks off" }
  /** Does it, and so many lists more show how it was before. */
  | { readonly kind: "shows later"; readonly lists: number }
  /** Answers 200 and does nothing. */
  | { readonly kind: "answers 200 but does nothing" }
  /** Answers 200, and does it later: after a while, on `heal`, or before the next change of the same pair. */
  | { readonly kind: "delayed effect"; readonly milliseconds: number };

/** What goes wrong next, in the order it was told. */
export function createFaults(): {
  add(fault: ProviderFault, calls: readonly ProviderCall[], times: number): void;
  /** The fault of this call, if it has one; it counts as one of its times. */
  take(call: ProviderCall): ProviderFault | undefined;
  clear(): void;
} {
  let told: { readonly fault: ProviderFault; readonly calls: readonly ProviderCall[]; times: number }[] = [];
  return {
    add: (fault, calls, times) => void told.push({ fault, calls, times }),
    take(call) {
      const rule = told.find(({ calls, times }) => times > 0 && calls.includes(call));
      if (rule) rule.times -= 1;
      return rule?.fault;
    },
    clear() {
      told = [];
    },
  };
}
