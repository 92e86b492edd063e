import type { Names } from "../guarded/postgres.ts";
import { ordinaryPolicy } from "./hallpass.ts";

/** DESIGN's ordinary policy with other rules and, where given, other sections added. */
export function policyWith(rules: string, sections = ""): (names: Names) => string {
  return (names) => {
    const [head = ""] = ordinaryPolicy(names).split("\nrules:");
    return `${head}\n${sections}\nrules:\n${rules}`;
  };
}
