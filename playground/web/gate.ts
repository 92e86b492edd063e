import type { FastifyInstance } from "fastify";

const POLICY = [
  "default-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/**
 * Lets nobody in but this machine's own browser on this very page: names that were made to point here (DNS rebinding)
 * and other sites' requests are refused. Whoever is in may run SQL.
 */
export function guardPage(http: FastifyInstance, port: () => number): void {
  const isOurs = (host: string): boolean => host === `127.0.0.1:${port()}` || host === `localhost:${port()}`;

  http.addHook("onRequest", async (request, reply) => {
    reply.headers({
      "content-security-policy": POLICY,
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    });
    const { host = "", origin } = request.headers;
    if (!isOurs(host)) {
      return reply
        .code(403)
        .type("text/plain; charset=utf-8")
        .send(`The playground answers at http://127.0.0.1:${port()}/ only, not as "${host}".\n`);
    }
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (!isRead && origin !== undefined && !isOurs(origin.replace(/^http:\/\//, ""))) {
      return reply
        .code(403)
        .type("text/plain; charset=utf-8")
        .send(`The playground takes orders from its own page only, not from ${origin}.\n`);
    }
    return undefined;
  });
}
