import { readdir, readFile } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import type { FastifyInstance } from "fastify";
import { objectOf } from "../../slack-simulator/json.ts";

const NOT_BUILT = "The page is not built. `npm run playground:page` builds it; then load this again.\n";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
};

/** Serves what the page was built into. It may be built anew, or for the first time, while this runs. */
export function serveBuiltPage(http: FastifyInstance, root: string): void {
  http.get<{ Params: { "*": string } }>("/*", async (request, reply) => {
    const wanted = request.params["*"] === "" ? "index.html" : request.params["*"];
    const type = TYPES[extname(wanted)];
    // Only what is listed is read, so no path leads out of the folder.
    const isThere = (await filesIn(root)).includes(wanted);
    if (!isThere || type === undefined) {
      return reply
        .code(wanted === "index.html" ? 503 : 404)
        .header("cache-control", "no-store")
        .type("text/plain; charset=utf-8")
        .send(wanted === "index.html" ? NOT_BUILT : `There is nothing at ${request.url}\n`);
    }
    // Vite names what lies in assets/ after its content.
    const caching = wanted.startsWith("assets/") ? "max-age=31536000, immutable" : "no-store";
    return reply
      .header("cache-control", caching)
      .type(type)
      .send(await readFile(join(root, wanted)));
  });
}

async function filesIn(root: string): Promise<readonly string[]> {
  const names = await readdir(root, { recursive: true }).catch((error: unknown) => {
    if (objectOf(error).code === "ENOENT") return [];
    throw error;
  });
  return names.map((name) => name.replaceAll(sep, "/"));
}
