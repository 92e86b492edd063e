// Keeps the servers of one run: starts each when somebody asks for it over HTTP, and ends them all when its standard input
// ends. It ends too when whoever started this process is killed, and so no server is left behind.
import { once } from "node:events";
import { createServer } from "node:http";
import { isInstalled } from "../support/is-installed.ts";
import { portOf } from "../support/proxy.ts";
import { servers } from "./list.js";
import type { Found, RunningServer, TestServer } from "./test-server.ts";

const known: Readonly<Record<string, TestServer | undefined>> = servers;
/** What was asked for so far; each is started once, for all. */
const asked = new Map<string, Promise<RunningServer | { readonly missing: string }>>();

const keeper = createServer((request, response) => {
  answer((request.url ?? "/").slice(1)).then(
    (json) => response.end(JSON.stringify(json)),
    (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
  );
}).listen(0, "127.0.0.1");
await once(keeper, "listening");
console.log(`http://127.0.0.1:${portOf(keeper)}`);

process.stdin.resume();
await Promise.race([once(process.stdin, "close"), once(process, "SIGTERM"), once(process, "SIGINT")]);
for (const ended of await Promise.allSettled([...asked.values()].map(stop))) {
  if (ended.status === "fulfilled") continue;
  console.error("A server of the tests did not end:", ended.reason);
  process.exitCode = 1;
}
process.exit();

/** To `/NAME` where that server is; to `/` why those that were asked for are missing. */
async function answer(name: string): Promise<Partial<Found> | readonly string[]> {
  if (name === "") {
    const found = await Promise.allSettled(asked.values());
    return found.flatMap((one) =>
      one.status === "fulfilled" && "missing" in one.value ? [one.value.missing] : [],
    );
  }
  const server = known[name];
  if (server === undefined)
    throw new Error(`expected one of ${Object.keys(servers).join(", ")}; got ${name}`);
  const found = asked.get(name) ?? find(name, server);
  asked.set(name, found);
  return found;
}

async function find(name: string, server: TestServer): Promise<RunningServer | { readonly missing: string }> {
  const { program, packages, env } = server;
  const given = env === undefined ? undefined : process.env[env];
  if (given) return { url: given, stop: () => Promise.resolve() };
  if (program === undefined || (await isInstalled(program))) return server.start();
  const wanting = `${program} is not installed (Debian: ${packages.join(" ")})`;
  return { missing: `no ${name}: ${wanting}${env === undefined ? "" : `, and ${env} is not set`}` };
}

async function stop(starting: Promise<RunningServer | { readonly missing: string }>): Promise<void> {
  // One that did not start has told whoever asked for it.
  const found = await starting.catch(() => undefined);
  if (found && "stop" in found) await found.stop();
}
