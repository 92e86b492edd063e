import { hash } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { text } from "node:stream/consumers";
import { portOf } from "../support/proxy.ts";

/** Whatever Hallpass calls, on one TLS server. */
export type Places = {
  readonly port: number;
  /** `Host: …` of each call. */
  readonly asked: () => readonly string[];
  /** Takes whatever it is asked and answers nothing, or answers again. */
  silence(isSilent: boolean): void;
  close(): Promise<void>;
};

export async function startPlaces(tls: { readonly key: string; readonly cert: string }): Promise<Places> {
  const asked: string[] = [];
  let isSilent = false;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    asked.push(request.headers.host ?? "");
    const { json, etag } = answerTo(request.url ?? "", await text(request));
    if (isSilent) return;
    response.writeHead(200, { "content-type": "application/json", ...(etag && { etag }) });
    response.end(JSON.stringify(json));
  };
  const server: Server = createServer(tls, (request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: portOf(server),
    asked: () => [...asked],
    silence(next) {
      isSilent = next;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function answerTo(path: string, body: string): { readonly json: unknown; readonly etag?: string } {
  if (path.startsWith("/api/")) return { json: { ok: true, team_id: "T1", user_id: "U1", bot_id: "B1" } };
  if (path.startsWith("/oncalls")) {
    const user = { email: "erin@example.com" };
    return { json: { oncalls: [{ user, schedule: { id: "P1" }, start: null, end: null }], more: false } };
  }
  if (path.startsWith("/v2/schedules/"))
    return {
      json: { data: { _parent: { id: "P1", enabled: true }, onCallRecipients: ["erin@example.com"] } },
    };
  if (path.endsWith("/collector/event")) return { json: { text: "Success", code: 0 } };
  if (path.endsWith("/_bulk")) {
    const ids = [...body.matchAll(/"create":\{"_id":"([^"]+)"/gu)].map(([, id]) => id);
    return { json: { errors: false, items: ids.map((_id) => ({ create: { _id, status: 201 } })) } };
  }
  if (path.startsWith("/audit-of-ours/")) return { json: {}, etag: `"${hash("md5", body, "hex")}"` };
  if (path.startsWith("/too-much")) return { json: "x".repeat(5 * 1024 * 1024) };
  return { json: { id: "tool-eu-1" } };
}
