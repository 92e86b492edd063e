import { z } from "zod";
import type { ElasticsearchOptions } from "../../policy/sinks.ts";
import { createHttpCaller } from "./http-call.ts";
import { jsonLine, recordId, recordTime, type Sink, SinkError } from "./sink.ts";

type Settings = Pick<ElasticsearchOptions, "url" | "index" | "api_key">;

/** https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk: 200, and an outcome per item. */
const BulkAnswer = z.object({
  errors: z.boolean(),
  items: z.array(
    z.record(
      z.string(),
      z.object({
        _id: z.string().nullish(),
        status: z.number(),
        error: z.object({ type: z.string().nullish(), reason: z.string().nullish() }).nullish(),
      }),
    ),
  ),
});

/** Indexes under the place in the chain: what is sent again replaces itself. */
export function createElasticsearchSink({ url, index, api_key: apiKey }: Settings): Sink {
  const http = createHttpCaller("Elasticsearch");
  const bulk = `${url.replace(/\/+$/u, "")}/${index}/_bulk`;
  return {
    async deliver(records, signal) {
      const lines = records.flatMap((record) => [
        jsonLine({ index: { _id: recordId(record) } }),
        jsonLine({ "@timestamp": recordTime(record), ...record }),
      ]);
      const headers = {
        "content-type": "application/x-ndjson",
        ...(apiKey !== undefined && { authorization: `ApiKey ${apiKey}` }),
      };
      const body = `${lines.join("\n")}\n`;
      const answer = BulkAnswer.safeParse(
        parseJson(await http.call({ method: "POST", url: bulk, headers, body }, signal)),
      );
      if (!answer.success)
        throw new SinkError("Elasticsearch's answer is not understood: expected the outcome of each item");
      const outcomes = answer.data.items.flatMap((item) => Object.values(item));
      const refused = outcomes.filter(({ status }) => status < 200 || status >= 300);
      const [first] = refused;
      if (first) {
        const { _id: id, status, error } = first;
        throw new SinkError(
          `Elasticsearch refused ${refused.length} of ${records.length} records; the first of them, ${id}, with ` +
            `${status}: ${(error?.reason ?? error?.type ?? "no reason given").slice(0, 200)}`,
        );
      }
      if (answer.data.errors || outcomes.length !== records.length)
        throw new SinkError(
          `Elasticsearch told the outcome of ${outcomes.length} records, expected ${records.length} without errors`,
        );
    },
    close: () => http.close(),
  };
}

/** `undefined` is what no schema takes; the parser's own words would repeat what came. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
