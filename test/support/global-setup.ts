import { keeperVariable } from "../servers/ask.ts";
import { type Keeper, startKeeper } from "../servers/start-keeper.ts";

declare global {
  // Jest's setup and teardown share nothing but the global object.
  // eslint-disable-next-line no-var
  var hallpassKeeper: Keeper | undefined;
}

/** Before all tests: somebody to ask for servers; workers learn of it by environment. */
// oxlint-disable-next-line import/no-default-export -- Jest calls the default export.
export default async function globalSetup(): Promise<void> {
  // Whatever proxy this machine has, tests call this machine.
  for (const name of ["http_proxy", "https_proxy", "no_proxy"]) {
    delete process.env[name];
    delete process.env[name.toUpperCase()];
  }
  globalThis.hallpassKeeper = await startKeeper();
  process.env[keeperVariable] = globalThis.hallpassKeeper.url;
}
