import { hash } from "node:crypto";
import { AwsV4Signer } from "aws4fetch";
import type { S3Options } from "../../policy/language/sinks.ts";
import { createHttpCaller, type HttpAnswer } from "./http-call.ts";
import { jsonLine, type Sink, SinkError, type SinkRecord } from "./sink.ts";

type Settings = Pick<S3Options, "bucket" | "region" | "prefix" | "endpoint" | "access_key" | "secret_key">;

/** An object costs the same whether it holds one event or five hundred. */
const gatherMs = 60_000;

/**
 * The object exists: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html; earlier versions of MinIO
 * answer 304.
 */
const isThere = [412, 304];
/** From services that do not support that condition. */
const notImplemented = 501;

/**
 * Puts an object of JSON lines per batch, and replaces none: an existing one of its name may be what was sent before, or all that
 * is left of another history.
 */
export function createS3Sink(settings: Settings): Sink {
  const http = createHttpCaller("S3");
  const { bucket, region, prefix, access_key: accessKeyId, secret_key: secretAccessKey } = settings;
  // A bucket's name with dots matches no certificate, and other services address buckets by path.
  const base = `${(settings.endpoint ?? `https://s3.${region}.amazonaws.com`).replace(/\/+$/u, "")}/${bucket}`;

  /** Returns the status, of a success or one that means something. */
  async function put(name: string, body: string, replaces: boolean, signal: AbortSignal): Promise<number> {
    const md5 = hash("md5", body, "buffer");
    const signed = await new AwsV4Signer({
      method: "PUT",
      url: `${base}/${prefix}${name}.jsonl`,
      headers: {
        "content-type": "application/x-ndjson",
        // Required by buckets with object lock.
        "content-md5": md5.toString("base64"),
        ...(!replaces && { "if-none-match": "*" }),
      },
      body,
      accessKeyId,
      secretAccessKey,
      service: "s3",
      region,
    }).sign();
    const headers = Object.fromEntries(signed.headers);
    const call = { method: "PUT", url: signed.url.href, headers, body: String(signed.body) } as const;
    const answer = await http.call(call, signal, replaces ? [] : [...isThere, notImplemented]);
    if (answer.status < 300) confirm(answer, md5.toString("hex"));
    return answer.status;
  }

  return {
    gatherMs,
    async deliver(records, signal) {
      const body = `${records.map(jsonLine).join("\n")}\n`;
      const name = objectName(records);
      const status = await put(name, body, false, signal);
      // The name contains the content's hash, so nothing different can be replaced.
      if (isThere.includes(status))
        await put(`${name}-${hash("sha256", body, "hex").slice(0, 16)}`, body, true, signal);
      else if (status === notImplemented) await put(name, body, true, signal);
    },
    close: () => http.close(),
  };
}

/**
 * The ETag is the MD5 of the stored object, unless it is encrypted with a key of AWS KMS or of the customer's:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
 */
function confirm({ headers }: HttpAnswer, md5: string): void {
  const etag = (headers.etag ?? "").replace(/^"|"$/gu, "");
  if (etag === "") throw new SinkError("the answer is not that of S3: expected an ETag");
  const isKms = String(headers["x-amz-server-side-encryption"] ?? "").startsWith("aws:kms");
  const isKeyed = isKms || headers["x-amz-server-side-encryption-customer-algorithm"] !== undefined;
  if (!isKeyed && etag !== md5)
    throw new SinkError("S3 answered with the ETag of something else: expected the MD5 of what was sent");
}

/** Named by the first and the last place, so that names sort like the chain. Checkpoints alone never take an event's name. */
function objectName(records: readonly SinkRecord[]): string {
  const events = records.filter(({ kind }) => kind !== "checkpoint");
  const [of, kind] = events.length > 0 ? [events, "events"] : [records, "checkpoints"];
  const place = (record: SinkRecord | undefined): string => String(record?.sequence ?? 0).padStart(12, "0");
  return `${kind}-${place(of[0])}-${place(of.at(-1))}`;
}
