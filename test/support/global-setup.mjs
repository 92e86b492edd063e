// `.mjs`: Jest imports it as Node does, TypeScript and all; it would require a `.js`.
import { keeperVariable } from "../servers/ask.ts";
import { startKeeper } from "../servers/start-keeper.ts";

/** Before all tests: somebody to ask for servers; workers learn of it by environment. */
// oxlint-disable-next-line import/no-default-export -- Jest calls the default export.
export default async function globalSetup() {
  // Whatever proxy this machine has, tests call this machine.
  for (const name of ["http_proxy", "https_proxy", "no_proxy"]) {
    delete process.env[name];
    delete process.env[name.toUpperCase()];
  }
  // Jest's setup and teardown share nothing but the global object.
  globalThis.hallpassKeeper = await startKeeper();
  process.env[keeperVariable] = globalThis.hallpassKeeper.url;
}
