import { join } from "node:path";

/**
 * The built Hallpass, as arguments of Node. Most of these processes run a few queries, and V8 would spend half a second on making
 * Prisma's WebAssembly fast.
 */
export const program: readonly string[] = [
  "--liftoff-only",
  join(import.meta.dirname, "../../dist/cli/hallpass.js"),
];
