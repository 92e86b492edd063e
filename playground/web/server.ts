import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import fastify, { type FastifyInstance } from "fastify";
import { z } from "zod";
import type { Done } from "../protocol.ts";
import { objectOf, textOf } from "../../slack-simulator/json.ts";
import { PlaygroundError } from "../stage/playground-error.ts";
import type { Stage } from "../stage/stage.ts";
import { serveBuiltPage } from "./built-page.ts";
import { deed } from "./deed.ts";
import { carryOut } from "./deeds.ts";
import { createFaultSwitches } from "./faults.ts";
import { guardPage } from "./gate.ts";
import { createInspector } from "./inspector.ts";
import { createPulse } from "./pulse.ts";
import { fileFor, userOnStage, type ScreenDeps } from "./screens.ts";
import { openStream } from "./streams.ts";
import { streamEntries, streamScreens } from "./streaming.ts";

export interface PageOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** The built page; `dist/playground` unless given. */
  readonly assets?: string;
}

/** The running page. */
export interface Page {
  /** `http://127.0.0.1:PORT/` */
  readonly url: string;
  readonly close: () => Promise<void>;
}

const ASSETS = fileURLToPath(new URL("../../dist/playground", import.meta.url));

/** Serves the page for this stage, to this machine only. Throws, saying what to do, where the port is taken. */
export async function startPage(stage: Stage, { port, assets = ASSETS }: PageOptions): Promise<Page> {
  const http = fastify({ forceCloseConnections: true });
  const pulse = createPulse(stage);
  const deps: ScreenDeps = { stage, pulse, faults: createFaultSwitches(stage) };
  let listeningOn = port;

  guardPage(http, () => listeningOn);
  serveBuiltPage(http, assets);
  reportBugs(http);
  serveApi(http, deps);

  // Slack has the conversation with an app in everybody's list before anything was said.
  for (const { name } of stage.people) {
    const user = userOnStage(stage, name);
    if (user !== undefined && !user.deleted && !user.isStranger) stage.slack.workspace.directMessage(user.id);
  }

  const address = await http.listen({ host: "127.0.0.1", port }).catch((error: unknown) => {
    if (objectOf(error).code !== "EADDRINUSE") throw error;
    throw new PlaygroundError(
      `Port ${port} is taken, perhaps by another playground. Choose another with --port.`,
      {
        cause: error,
      },
    );
  });
  listeningOn = Number(new URL(address).port);
  return { url: `${address}/`, close: () => http.close() };
}

function serveApi(http: FastifyInstance, deps: ScreenDeps): void {
  const { stage } = deps;
  const inspector = createInspector(stage.slack);
  http.addHook("onClose", async () => inspector.close());
  const nobody = (name: string | undefined): string =>
    `There is no "${name ?? ""}" here; there are ${stage.people.map((person) => person.name).join(", ")}.\n`;

  http.get<{ Querystring: { as?: string } }>(
    "/api/screen",
    // A HEAD request would wait for the end of a stream that has none.
    { exposeHeadRoute: false },
    async (request, reply) => {
      const { as = "" } = request.query;
      if (userOnStage(stage, as) === undefined) {
        return reply.code(404).type("text/plain; charset=utf-8").send(nobody(as));
      }
      streamScreens(deps, as, openStream(reply));
      return reply;
    },
  );

  http.get("/api/inspector", { exposeHeadRoute: false }, async (_request, reply) => {
    streamEntries(inspector, openStream(reply));
    return reply;
  });

  http.post("/api/do", async (request, reply): Promise<Done> => {
    const wanted = deed.safeParse(request.body);
    if (wanted.success) return carryOut(deps, wanted.data);
    void reply.code(400);
    return { ok: false, why: `That is nothing the playground can do:\n${z.prettifyError(wanted.error)}` };
  });

  http.get<{ Params: { id: string }; Querystring: { as?: string } }>(
    "/api/files/:id",
    async (request, reply) => {
      const { as = "" } = request.query;
      const me = userOnStage(stage, as);
      const file = me === undefined ? undefined : fileFor(stage.slack.workspace, me, request.params.id);
      void reply.type("text/plain; charset=utf-8").header("cache-control", "no-store");
      if (me === undefined) return reply.code(404).send(nobody(as));
      if (file === undefined) {
        return reply.code(404).send(`${me.realName} sees no file ${request.params.id}\n`);
      }
      const name = encodeURIComponent(file.name);
      return reply.header("content-disposition", `inline; filename*=UTF-8''${name}`).send(file.content);
    },
  );
}

// What is no fault of the request is logged here; the page shows a reference, never a stack.
function reportBugs(http: FastifyInstance): void {
  http.setErrorHandler((error, _request, reply) => {
    const answer = (why: string): Done => ({ ok: false, why });
    const { statusCode, message } = objectOf(error);
    if (typeof statusCode === "number" && statusCode < 500) {
      return reply.code(statusCode).send(answer(textOf(message)));
    }
    const reference = randomBytes(4).toString("hex");
    console.error(`Playground error ${reference}:`, error);
    const why = `Something broke in the playground; its terminal has the details under ${reference}.`;
    return reply.code(500).send(answer(why));
  });
}
