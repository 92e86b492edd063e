import type { Writable } from "node:stream";
import { jsonLine, type Sink, SinkError } from "./sink.ts";

/** Writes a line of JSON per record, for whatever collects a container's output. */
export function createStdoutSink(stream: Writable = process.stdout): Sink {
  // Without a listener a closed pipe would end the process; the callback reports it too.
  const onError = (): void => undefined;
  stream.on("error", onError);
  return {
    deliver: (records) =>
      new Promise((resolve, reject) => {
        stream.write(`${records.map(jsonLine).join("\n")}\n`, (error) => {
          if (error) reject(new SinkError("standard output can't be written to", { cause: error }));
          else resolve();
        });
      }),
    close() {
      stream.off("error", onError);
      return Promise.resolve();
    },
  };
}
