import { z } from "zod";
import { defineProvider } from "../../../src/providers/define.ts";
import { type Provider, ProviderError } from "../../../src/providers/provider.ts";

type Options = z.infer<typeof Options>;
const Options = z.strictObject({ url: z.string().min(1) });

type Target = z.infer<typeof Target>;
const Target = z.strictObject({ group: z.string().min(1) });

export const template = defineProvider({
  type: "template",
  title: "template",
  options: Options,
  target: Target,
  subject: z.string().min(1).max(256),
  create: ({ url }: Options) => createTemplate(url),
});

function createTemplate(url: string): Provider<Target> {
  return {
    identity: () => notYet(`identity of ${url}`),
    prepare: () => notYet("prepare"),
    grant: () => notYet("grant"),
    revoke: () => notYet("revoke"),
    holds: () => notYet("holds"),
    check: () => notYet("check"),
    close: () => Promise.resolve(),
  };
}

function notYet(call: string): Promise<never> {
  return Promise.reject(new ProviderError(`${call}: not written yet`, { retryable: false }));
}
