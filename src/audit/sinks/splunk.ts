import { z } from "zod";
import type { SplunkOptions } from "../../policy/language/sinks.ts";
import { createHttpCaller } from "./http-call.ts";
import { jsonLine, readJson, recordTime, type Sink, SinkError } from "./sink.ts";

type Settings = Pick<SplunkOptions, "url" | "token" | "index" | "sourcetype">;

/** https://docs.splunk.com/Documentation/Splunk/latest/Data/TroubleshootHTTPEventCollector: only code 0 is success. */
const Success = z.object({ text: z.string(), code: z.literal(0) });

/**
 * Sends to Splunk's HTTP Event Collector, which takes JSON objects one after another. A repeat is indexed again: `dedup sequence`
 * in a search leaves one of each.
 */
export function createSplunkSink({ url, token, index, sourcetype }: Settings): Sink {
  const http = createHttpCaller("Splunk");
  return {
    async deliver(records, signal) {
      const body = records
        .map((event) => {
          const at = recordTime(event);
          const time = at === undefined ? {} : { time: Date.parse(at) / 1_000 };
          return jsonLine({ ...time, source: "hallpass", sourcetype, ...(index && { index }), event });
        })
        .join("\n");
      const headers = { authorization: `Splunk ${token}`, "content-type": "application/json" };
      const call = { method: "POST", url: under(url, "services/collector/event"), headers, body } as const;
      const { text } = await http.call(call, signal);
      if (!Success.safeParse(readJson(text)).success)
        throw new SinkError('the answer is not Splunk\'s: expected {"text":"Success","code":0}');
    },
    close: () => http.close(),
  };
}

/** A path under an address, whether or not the address ends in `/`. */
function under(url: string, path: string): string {
  return new URL(path, url.endsWith("/") ? url : `${url}/`).href;
}
