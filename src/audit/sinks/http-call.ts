import type { IncomingHttpHeaders } from "node:http";
import { createDispatcher } from "../../network/outgoing.ts";
import { wordFailure } from "../../network/word-failure.ts";
import { SinkError } from "./sink.ts";
import { messageOf } from "../../error-message.ts";

type Call = {
  readonly method: "POST" | "PUT";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

export type HttpAnswer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
};

/** Sends batches to one server. Redirects are not followed: they would take secrets elsewhere. */
export type HttpCaller = {
  /**
   * Resolves with an answer of 2xx, or of a status in `meaning`; throws a `SinkError` that names the server and nothing else of the
   * address. The caller checks that such a server answered at all: it may have been a proxy.
   */
  call(call: Call, signal: AbortSignal, meaning?: readonly number[]): Promise<HttpAnswer>;
  close(): Promise<void>;
};

const callMs = 20_000;
const connectMs = 5_000;
/** Elasticsearch answers for each record, with the reason if it refused one. */
const maxAnswerBytes = 8 * 1024 * 1024;
const maxWords = 200;

/** Creates a caller. `what`: the other side's name in errors, such as "the webhook". */
export function createHttpCaller(what: string): HttpCaller {
  const dispatcher = createDispatcher({ connections: 2, connectMs, maxAnswerBytes });
  return {
    async call({ method, url, headers, body }, signal, meaning = []) {
      const { origin, host, pathname, search } = new URL(url);
      let answer: HttpAnswer;
      try {
        const given = await dispatcher.request({
          origin,
          path: `${pathname}${search}`,
          method,
          headers,
          body,
          signal: AbortSignal.any([signal, AbortSignal.timeout(callMs)]),
        });
        answer = { status: given.statusCode, headers: given.headers, text: await given.body.text() };
      } catch (error) {
        const why = wordFailure(error) ?? messageOf(error);
        throw new SinkError(`${what} at ${host} can't be reached: ${why}`, { cause: error });
      }
      const { status, text } = answer;
      if ((status >= 200 && status < 300) || meaning.includes(status)) return answer;
      const said = text.replace(/\s+/gu, " ").trim().slice(0, maxWords);
      throw new SinkError(`${what} at ${host} answered ${status}${said === "" ? "" : `: ${said}`}`);
    },
    close: () => dispatcher.destroy(),
  };
}
