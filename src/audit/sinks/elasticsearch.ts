import { z } from "zod";
import type { ElasticsearchOptions } from "../../policy/language/sinks.ts";
import { createHttpCaller } from "./http-call.ts";
import { jsonLine, readJson, recordId, recordTime, type Sink, SinkError, type SinkRecord } from "./sink.ts";

type Settings = Pick<ElasticsearchOptions, "url" | "index" | "api_key">;

/** https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk: 200, and an outcome per item. */
const BulkAnswer = z.object({
  items: z.array(
    z.object({
      create: z.object({
        _id: z.string(),
        status: z.number(),
        error: z.object({ type: z.string().nullish(), reason: z.string().nullish() }).nullish(),
      }),
    }),
  ),
});

/** https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-mget */
const Documents = z.object({
  docs: z.array(
    z.object({
      _id: z.string(),
      _source: z.object({ kind: z.unknown(), hash: z.unknown() }).partial().optional(),
    }),
  ),
});

const created = 201;
/** A document with that id exists. */
const conflict = 409;

type Item = { readonly id: string; readonly record: SinkRecord };

/**
 * Creates a document under the place in the chain, and replaces none: an existing one is either what was sent before, or somebody
 * else's, or all that is left of another history. It stays, and ours goes beside it.
 */
export function createElasticsearchSink({ url, index, api_key: apiKey }: Settings): Sink {
  const http = createHttpCaller("Elasticsearch");
  const base = `${url.replace(/\/+$/u, "")}/${index}`;

  async function ask(path: string, type: string, body: string, signal: AbortSignal): Promise<unknown> {
    const headers = {
      "content-type": type,
      ...(apiKey !== undefined && { authorization: `ApiKey ${apiKey}` }),
    };
    return readJson(
      (await http.call({ method: "POST", url: `${base}/${path}`, headers, body }, signal)).text,
    );
  }

  /** Creates documents. Returns the items that were not created because another document has their id. */
  async function create(items: readonly Item[], signal: AbortSignal): Promise<readonly Item[]> {
    const lines = items.flatMap(({ id, record }) => [
      jsonLine({ create: { _id: id } }),
      jsonLine({ "@timestamp": recordTime(record), ...record }),
    ]);
    const answer = BulkAnswer.safeParse(
      await ask("_bulk", "application/x-ndjson", `${lines.join("\n")}\n`, signal),
    );
    const outcomes = answer.data?.items.map((item) => item.create) ?? [];
    if (outcomes.length !== items.length || outcomes.some(({ _id: id }, at) => id !== items[at]?.id))
      throw new SinkError("Elasticsearch's answer is not understood: expected the outcome of each item");
    const refused = outcomes.filter(({ status }) => status !== created && status !== conflict);
    const [first] = refused;
    if (first) {
      const { _id: id, status, error } = first;
      throw new SinkError(
        `Elasticsearch refused ${refused.length} of ${items.length} records; the first of them, ${id}, with ` +
          `${status}: ${(error?.reason ?? error?.type ?? "no reason given").slice(0, 200)}`,
      );
    }
    return withoutOurs(
      items.filter((_, at) => outcomes[at]?.status === conflict),
      signal,
    );
  }

  /** The items whose id holds something else. A key that may not read can't tell, and then nothing goes on. */
  async function withoutOurs(items: readonly Item[], signal: AbortSignal): Promise<readonly Item[]> {
    if (items.length === 0) return [];
    const ids = items.map(({ id }) => id);
    const answer = Documents.safeParse(
      await ask("_mget?_source_includes=kind,hash", "application/json", JSON.stringify({ ids }), signal),
    );
    const there = new Map(answer.data?.docs.map(({ _id: id, _source: source }) => [id, source]));
    return items.filter(({ id, record }) => {
      const source = there.get(id);
      if (!source)
        throw new SinkError(`Elasticsearch says that document ${id} is there, and does not show it`);
      return source.kind !== record.kind || (source.hash ?? null) !== record.hash;
    });
  }

  return {
    async deliver(records, signal, atOdds) {
      const items = records.map((record) => ({ id: recordId(record), record }));
      const others = await create(items, signal);
      if (others.length === 0) return;
      for (const { id } of others) atOdds(`document ${id} holds something else than what was sent as it`);
      const beside = others.map(({ id, record }) => ({
        id: `${id}-${record.hash?.slice(0, 16) ?? record.kind}`,
        record,
      }));
      const [still] = await create(beside, signal);
      if (still)
        throw new SinkError(`Elasticsearch holds something else as ${still.id}, where ours was to be`);
    },
    close: () => http.close(),
  };
}
