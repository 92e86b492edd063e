import { Agent } from "undici";
import { messageOf } from "../../persistence/database.ts";
import { SinkError } from "./sink.ts";

type Call = {
  readonly method: "POST" | "PUT";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** Sends batches to one server; no redirect is followed, for it would take secrets elsewhere. */
export type HttpCaller = {
  /** The body of an answer of 2xx; throws a `SinkError` that names the server and nothing else of the address. */
  call(call: Call, signal: AbortSignal): Promise<string>;
  close(): Promise<void>;
};

const callMs = 20_000;
const connectMs = 5_000;
/** Elasticsearch answers per record, with the reason where it refused one. */
const maxAnswerBytes = 8 * 1024 * 1024;
const maxWords = 200;

/** `what`: how the other side is called in errors, such as "the webhook". */
export function createHttpCaller(what: string): HttpCaller {
  const agent = new Agent({
    connections: 2,
    connect: { timeout: connectMs },
    maxResponseSize: maxAnswerBytes,
  });
  return {
    async call({ method, url, headers, body }, signal) {
      const { origin, host, pathname, search } = new URL(url);
      let status: number;
      let text: string;
      try {
        const answer = await agent.request({
          origin,
          path: `${pathname}${search}`,
          method,
          headers,
          body,
          signal: AbortSignal.any([signal, AbortSignal.timeout(callMs)]),
        });
        status = answer.statusCode;
        text = await answer.body.text();
      } catch (error) {
        throw new SinkError(`${what} at ${host} can't be reached: ${messageOf(error)}`, { cause: error });
      }
      if (status >= 200 && status < 300) return text;
      const said = text.replace(/\s+/gu, " ").trim().slice(0, maxWords);
      throw new SinkError(`${what} at ${host} answered ${status}${said === "" ? "" : `: ${said}`}`);
    },
    close: () => agent.destroy(),
  };
}
