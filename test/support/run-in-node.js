import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import circus from "jest-circus/runner";
// oxlint-disable-next-line import/no-unassigned-import -- It teaches this process TypeScript.
import "./run-typescript.js";

const require = createRequire(import.meta.url);

process.setSourceMapsEnabled(true);

/**
 * Jest's own way has each test file load all that it imports anew, in a context of its own: for most of Hallpass that is a second,
 * and all of it is slow until it is compiled again. Here a worker imports modules as Node does, once for all of its test files.
 */
// oxlint-disable-next-line import/no-default-export -- Jest calls the default export.
export default function runInNode(globalConfig, config, environment, _runtime, testPath, tellJest) {
  const { console } = globalThis;
  const env = { ...process.env };
  const copiesOfCircus = [];
  const runtime = {
    requireInternalModule(path) {
      copiesOfCircus.push(path);
      return require(path);
    },
    requireModule: require,
    unstable_shouldLoadAsEsm: () => true,
    unstable_importModule: (path) => import(pathToFileURL(path).href),
    setGlobalsForRuntime() {},
    enterTestCode() {},
    leaveTestCode() {},
  };
  // Jest shows what this one is told beside the name of the test file.
  globalThis.console = environment.global.console;
  // Jest's knows the source maps of its own transformers only.
  Error.prepareStackTrace = undefined;
  return circus
    .default(globalConfig, config, { global: globalThis }, runtime, testPath, tellJest)
    .finally(() => {
      globalThis.console = console;
      restore(process.env, env);
      // Circus keeps the tests of a file in globals; the next file has a new copy of it.
      for (const path of copiesOfCircus) delete require.cache[path];
      for (const symbol of Object.getOwnPropertySymbols(globalThis)) {
        if (globalsOfCircus.has(symbol.description)) delete globalThis[symbol];
      }
    });
}

const globalsOfCircus = new Set(["JEST_STATE_SYMBOL", "EVENT_HANDLERS"]);

function restore(env, before) {
  for (const name of Object.keys(env)) if (!(name in before)) delete env[name];
  Object.assign(env, before);
}
