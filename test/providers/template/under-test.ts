import { template } from "./index.ts";
import type { Lacks, ProviderUnderTest } from "../contract/under-test.ts";

/** Why the system cannot show what some rules need. */
export const lacks: Lacks = {};

/** A system to try it on, with people and things in it. */
export function openTemplate(): Promise<ProviderUnderTest> {
  const create = (url = "here") => template.create({ url });
  return Promise.resolve({
    provider: create(),
    create: () => create(),
    subject: "alice",
    bystander: "bob",
    stranger: "nobody",
    target: { group: "readers" },
    otherTarget: { group: "writers" },
    spellings: [],
    noNames: [],
    secrets: [],
    look: () => Promise.resolve(false),
    clear: () => Promise.resolve(),
    otherSystem: () => Promise.reject(new Error("otherSystem: not written yet")),
    unreachable: () => create("nowhere"),
    close: () => Promise.resolve(),
  });
}
