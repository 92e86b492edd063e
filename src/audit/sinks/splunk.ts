import type { SplunkOptions } from "../../policy/sinks.ts";
import { createHttpCaller } from "./http-call.ts";
import { jsonLine, recordTime, type Sink } from "./sink.ts";

type Settings = Pick<SplunkOptions, "url" | "token" | "index" | "sourcetype">;

/**
 * Sends to Splunk's HTTP Event Collector, which takes events as JSON objects one after another. A repeat is indexed again:
 * `dedup sequence` in a search leaves one of each.
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
      await http.call({ method: "POST", url: under(url, "services/collector/event"), headers, body }, signal);
    },
    close: () => http.close(),
  };
}

/** A path under an address, whether or not that ends in `/`. */
function under(url: string, path: string): string {
  return new URL(path, url.endsWith("/") ? url : `${url}/`).href;
}
