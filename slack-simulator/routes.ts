import { setTimeout as sleep } from "node:timers/promises";
import formbody from "@fastify/formbody";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { ActiveFaults, OddAnswer } from "./faults.ts";
import { objectOf, parseJson, textOf, type Json, type JsonObject } from "./json.ts";
import type { Problem, Problems } from "./problems.ts";
import type { ResponseUrls } from "./response-urls.ts";
import type { Caller } from "./web-api/call.ts";
import { readArguments } from "./web-api/call.ts";
import type { Workspace } from "./workspace.ts";

/** One Web API call, or one use of a response_url under that name, as logged. */
export interface Call {
  readonly method: string;
  /** Without the token; blocks, views and the like parsed. */
  readonly args: JsonObject;
  readonly response: Json;
  readonly httpStatus: number;
  readonly at: number;
  readonly ms: number;
  /** What was noted while it was carried out. */
  readonly problems: readonly Problem[];
}

export interface RouteDeps {
  readonly workspace: Workspace;
  readonly webApi: (caller: Caller) => JsonObject;
  readonly responseUrls: ResponseUrls;
  readonly faults: ActiveFaults;
  readonly problems: Problems;
  readonly record: (call: Call) => void;
}

const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** The HTTP side of the simulator: /api/:method, /response/…, /upload/…, file downloads. */
export function createRoutes(deps: RouteDeps): FastifyInstance {
  const { workspace, responseUrls, faults } = deps;
  const http = fastify({
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 500 },
  });
  void http.register(formbody, { bodyLimit: MAX_BODY_BYTES });
  http.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));

  http.addHook("onRequest", async (request, reply) => {
    const outage = faults.outage();
    if (outage === undefined) return;
    const [, method = request.url] = /^\/api\/([^?]+)/.exec(request.url) ?? [];
    const at = workspace.now();
    // Nobody read what was sent.
    deps.record({ method, args: {}, response: undefined, httpStatus: 503, at, ms: 0, problems: [] });
    if (outage === "destroyed") destroy(reply);
    else await reply.code(503).send("Service Unavailable");
  });

  http.route<{ Params: { method: string } }>({
    method: ["GET", "POST"],
    url: "/api/:method",
    handler: (request, reply) => answerCall(deps, request, reply, request.params.method),
  });

  http.post<{ Params: { key: string } }>("/response/:team/:key", async (request, reply) => {
    const odd = faults.takeOddAnswer("response_url");
    if (odd) return sendOdd(reply, odd);
    // respond() posts JSON; curl and old clients post a form with `payload`.
    const form = parseJson(textOf(objectOf(request.body).payload));
    const body = form ?? request.body;
    const { made: answer, noted } = noting(deps.problems, () => responseUrls.use(request.params.key, body));
    const { status: httpStatus, body: response } = answer;
    deps.record({
      method: "response_url",
      args: objectOf(body),
      response,
      httpStatus,
      at: workspace.now(),
      ms: 0,
      problems: noted,
    });
    return reply.code(answer.status).send(answer.body);
  });

  http.route<{ Params: { id: string } }>({
    method: ["POST", "PUT"],
    url: "/upload/v1/:id",
    handler: async (request, reply) => {
      const file = workspace.file(request.params.id);
      if (file === undefined || file.completed) return reply.code(404).send("not found");
      await pause(faults.delay("upload", "before"));
      const odd = faults.takeOddAnswer("upload");
      if (odd) return sendOdd(reply, odd);
      const content = uploaded(request);
      workspace.putFile({ ...file, content });
      return reply.send(`OK - ${content.length}`);
    },
  });

  http.get<{ Params: { id: string } }>("/files-pri/:id/:name", async (request, reply) => {
    const file = workspace.file(request.params.id.split("-").at(-1) ?? "");
    return file === undefined ? reply.code(404).send("not found") : reply.send(file.content);
  });

  return http;
}

async function answerCall(
  deps: RouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  method: string,
): Promise<unknown> {
  const { webApi, faults, workspace, record } = deps;
  const started = performance.now();
  const args = readArguments(request.body, request.query);
  const log = (response: Json, httpStatus: number, problems: readonly Problem[] = []): void =>
    record({
      method,
      args,
      response,
      httpStatus,
      at: workspace.now(),
      ms: Math.round(performance.now() - started),
      problems,
    });

  const channel = textOf(args.channel);
  const share = method === "chat.postMessage" ? faults.takePostLimit(channel) : undefined;
  const limit =
    faults.takeRateLimit(method, channel) ?? (share === undefined ? undefined : { retryAfter: share });
  if (limit !== undefined) {
    const refused = { ok: false, error: "ratelimited" };
    log(refused, 429);
    void reply.code(429);
    if (limit.retryAfter !== undefined) void reply.header("retry-after", String(limit.retryAfter));
    return reply.send(refused);
  }
  const odd = faults.takeOddAnswer(method);
  await pause(faults.delay(method, "before"));
  const failure = faults.takeFailure(method);
  const token = tokenOf(request);
  const { made: response, noted } = noting(deps.problems, () => {
    if (odd?.isDone === false) return {};
    return failure === undefined
      ? webApi({ method, args, token, tokenError: faults.tokenError() })
      : { ok: false, error: failure };
  });
  await pause(faults.delay(method, "after"));
  log(odd?.body ?? response, odd?.status ?? 200, noted);
  if (faults.takeLostAnswer(method)) return destroy(reply);
  if (odd) return sendOdd(reply, odd);
  return reply.send(response);
}

function sendOdd(reply: FastifyReply, { status = 200, body, contentType }: OddAnswer): FastifyReply {
  return reply
    .code(status)
    .header("content-type", contentType ?? "application/json")
    .send(body);
}

function noting<T>(
  problems: Problems,
  run: () => T,
): { readonly made: T; readonly noted: readonly Problem[] } {
  const before = problems.list().length;
  const made = run();
  return { made, noted: problems.list().slice(before) };
}

// Unreferenced: an answer nobody waits for any more must not keep the process alive.
async function pause(ms: number): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { ref: false });
}

function destroy(reply: FastifyReply): FastifyReply {
  reply.hijack();
  reply.raw.socket?.destroy();
  return reply;
}

function tokenOf(request: FastifyRequest): string | undefined {
  const bearer = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  return (
    bearer ?? (textOf(objectOf(request.body).token) || textOf(objectOf(request.query).token) || undefined)
  );
}

/** The bytes of an upload, sent raw or as the one file of a multipart form. */
function uploaded(request: FastifyRequest): Buffer {
  const { body } = request;
  const raw = Buffer.isBuffer(body)
    ? body
    : Buffer.from(typeof body === "string" ? body : JSON.stringify(body ?? ""));
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(
    request.headers["content-type"] ?? "",
  )?.[1];
  if (boundary === undefined) return raw;
  const start = raw.indexOf("\r\n\r\n") + 4;
  const end = raw.indexOf(`\r\n--${boundary}`, start);
  return raw.subarray(start, end < 0 ? raw.length : end);
}
