import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";
import type { servers } from "./list.js";
import { startKeeper } from "./start-keeper.ts";
import { Found } from "./test-server.ts";

export type ServerName = keyof typeof servers;

/** Names the keeper of this run, which all its processes share. */
export const keeperVariable = "HALLPASS_TEST_SERVERS";

/** Where a server of the list is: started now if nobody asked for it before. Throws when it does not start. */
export async function testServer(name: ServerName): Promise<Found> {
  return Found.parse(await ask(await keeperUrl(), name));
}

/** Why those that somebody asked for are missing. */
export async function missingServers(keeper: string): Promise<readonly string[]> {
  return z.array(z.string()).parse(await ask(keeper, ""));
}

let own: Promise<string> | undefined;

/** Jest's global setup has started a keeper for all workers; a script of its own starts one here. */
function keeperUrl(): Promise<string> {
  const given = process.env[keeperVariable];
  if (given !== undefined) return Promise.resolve(given);
  return (own ??= startKeeper().then(({ url }) => url));
}

async function ask(keeper: string, path: string): Promise<unknown> {
  // No agent: a connection that is kept would keep Jest.
  const answered: Promise<IncomingMessage[]> = once(get(`${keeper}/${path}`, { agent: false }), "response");
  const [response] = await answered;
  if (response === undefined) throw new Error("the keeper of test servers did not answer");
  const said = await text(response);
  if (response.statusCode !== 200) throw new Error(`The test server “${path}” could not be started: ${said}`);
  return JSON.parse(said);
}
