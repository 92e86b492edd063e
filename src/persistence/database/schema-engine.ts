import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { SqlMigrationAwareDriverAdapterFactory } from "@prisma/driver-adapter-utils";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import type * as schemaEngine from "@prisma/schema-engine-wasm/schema_engine_bg";

// TypeScript declares WebAssembly in the browser's library, which this project doesn't include.
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: Readonly<Record<string, object>>,
  ): Promise<{ readonly instance: { readonly exports: { __wbindgen_start(): void } } }>;
};

type Bindings = typeof schemaEngine;
let loaded: Promise<Bindings> | undefined;

/** Loads Prisma's engine for migrations as WebAssembly: Prisma's own command line would download a program first. */
export async function loadSchemaEngine(
  adapter: SqlMigrationAwareDriverAdapterFactory,
): Promise<schemaEngine.SchemaEngine> {
  // The bindings hold one instance for all: a second would break the engines of the first.
  loaded ??= instantiate();
  const { SchemaEngine } = await loaded;
  return SchemaEngine.new(
    { datamodels: undefined },
    () => undefined,
    bindMigrationAwareSqlAdapterFactory(adapter),
  );
}

async function instantiate(): Promise<Bindings> {
  const bindings = await import("@prisma/schema-engine-wasm/schema_engine_bg");
  const entry = createRequire(import.meta.url).resolve("@prisma/schema-engine-wasm/schema_engine_bg");
  const wasm = await readFile(join(dirname(entry), "schema_engine_bg.wasm"));
  const { instance } = await WebAssembly.instantiate(wasm, {
    "./schema_engine_bg.js": withoutWaiting(bindings),
  });
  bindings["__wbg_set_wasm"](instance.exports);
  instance.exports["__wbindgen_start"]();
  return bindings;
}

/** Unrefs the engine's timers: it never clears the 10 s timer of its lock, which alone would keep a command from ending. */
function withoutWaiting(bindings: Bindings): Record<string, unknown> {
  const entries = Object.entries(bindings).map(([name, binding]: [string, unknown]) => {
    if (!name.startsWith("__wbg_setTimeout_") || typeof binding !== "function")
      return [name, binding] as const;
    const unreferenced = (...args: readonly unknown[]): unknown => {
      const timer: NodeJS.Timeout = binding(...args);
      return timer.unref();
    };
    return [name, unreferenced] as const;
  });
  return Object.fromEntries(entries);
}
