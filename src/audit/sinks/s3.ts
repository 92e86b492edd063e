import { AwsV4Signer } from "aws4fetch";
import type { S3Options } from "../../policy/sinks.ts";
import { createHttpCaller } from "./http-call.ts";
import { jsonLine, type Sink, type SinkRecord } from "./sink.ts";

type Settings = Pick<S3Options, "bucket" | "region" | "prefix" | "endpoint" | "access_key" | "secret_key">;

/** An object costs the same whether it holds one event or five hundred. */
const gatherMs = 60_000;

/** Puts an object of JSON lines per batch; the same batch again is the same object again. */
export function createS3Sink(settings: Settings): Sink {
  const http = createHttpCaller("S3");
  const { bucket, region, prefix, access_key: accessKeyId, secret_key: secretAccessKey } = settings;
  // A bucket's name with dots in it is no name of a certificate, and other services know buckets by the path.
  const base = `${(settings.endpoint ?? `https://s3.${region}.amazonaws.com`).replace(/\/+$/u, "")}/${bucket}`;
  return {
    gatherMs,
    async deliver(records, signal) {
      const signed = await new AwsV4Signer({
        method: "PUT",
        url: `${base}/${prefix}${objectName(records)}`,
        headers: { "content-type": "application/x-ndjson" },
        body: `${records.map(jsonLine).join("\n")}\n`,
        accessKeyId,
        secretAccessKey,
        service: "s3",
        region,
      }).sign();
      const headers = Object.fromEntries(signed.headers);
      await http.call({ method: "PUT", url: signed.url.href, headers, body: String(signed.body) }, signal);
    },
    close: () => http.close(),
  };
}

/** By the first and the last place, so that names sort as the chain does. Checkpoints alone never take an event's name. */
function objectName(records: readonly SinkRecord[]): string {
  const events = records.filter(({ kind }) => kind !== "checkpoint");
  const [of, kind] = events.length > 0 ? [events, "events"] : [records, "checkpoints"];
  const place = (record: SinkRecord | undefined): string => String(record?.sequence ?? 0).padStart(12, "0");
  return `${kind}-${place(of[0])}-${place(of.at(-1))}.jsonl`;
}
