import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const source = join(import.meta.dirname, "../../src");

/**
 * What opens connections. `fetch` as a global is the linter's to forbid (`.oxlintrc.json`); a library that dials by itself
 * is given `outgoingFetch` or a dispatcher.
 */
const dials =
  /^import (?!type\b)[^;]*? from "(?:undici|ws|(?:node:)?(?:https?|http2|net|tls|dgram))";|\bimport\("(?:undici|ws)"\)/gmsu;

/** Who may, and why no proxy is asked. */
const allowed: Readonly<Record<string, string>> = {
  "network/outgoing.ts": "the way all others take",
  "audit/sinks/syslog.ts": "syslog is no HTTP, and goes directly",
  "http/serve.ts": "listens",
  "persistence/embedded/server.ts": "looks for a free port",
  "persistence/embedded/keep.ts": "looks whether its own PostgreSQL is there",
  "policy/ip-range.ts": "reads addresses",
  "providers/http/address.ts": "reads addresses",
  "slack/socket/connection.ts": "a WebSocket over the dispatcher it is given",
};

test("nothing but the network opens connections", async () => {
  const files = await readdir(source, { recursive: true });
  const dialling = await Promise.all(
    files
      .filter((file) => file.endsWith(".ts") && !file.startsWith("generated"))
      .map(async (file) => {
        const text = await readFile(join(source, file), "utf8");
        return text.search(dials) === -1 && !/\bglobalThis\.fetch\b/u.test(text) ? [] : [file];
      }),
  );
  expect(dialling.flat().toSorted()).toEqual(Object.keys(allowed).toSorted());
});
