// The load, in a process of its own: each connection sends its next request when the last one is answered.
import { Client } from "undici";
import { z } from "zod";
import { createDeliveries, type Delivery } from "./support/deliveries.ts";

const Slice = z.object({
  kind: z.enum(["command", "click"]),
  origin: z.string(),
  slackUrl: z.string(),
  run: z.string(),
  connections: z.number(),
  seconds: z.number(),
  /** Load before that, which is not measured: a server that stood still first makes up for it. */
  rampSeconds: z.number(),
  /** The requests to approve, one a click; the slice ends early when they run out. */
  requestIds: z.array(z.string()),
});
export type Slice = z.infer<typeof Slice>;

/** What came of a slice; times in milliseconds. */
export const SliceResult = z.object({
  /** With those of the ramp. */
  answered: z.number(),
  perSecond: z.number(),
  p50: z.number(),
  p99: z.number(),
  fault: z.string().optional(),
});
export type SliceResult = z.infer<typeof SliceResult>;

async function load(slice: Slice): Promise<SliceResult> {
  const deliveries = createDeliveries(slice.slackUrl, slice.run);
  const waiting = slice.requestIds.toReversed();
  const next = (): Delivery | undefined => {
    if (slice.kind === "command") return deliveries.command();
    const id = waiting.pop();
    return id === undefined ? undefined : deliveries.click(id);
  };
  const latencies: number[] = [];
  let fault: string | undefined;
  let answered = 0;
  const started = performance.now() + slice.rampSeconds * 1000;
  const end = started + slice.seconds * 1000;
  const connection = async (): Promise<void> => {
    const client = new Client(slice.origin, { pipelining: 1 });
    for (let now = performance.now(); now < end && fault === undefined; now = performance.now()) {
      const delivery = next();
      if (!delivery) break;
      const response = await client.request({ path: "/slack/events", method: "POST", ...delivery });
      const text = await response.body.text();
      answered += 1;
      if (now >= started) latencies.push(performance.now() - now);
      const isRight = slice.kind === "command" ? text.includes("AR-") : text === "";
      if (response.statusCode !== 200 || !isRight) fault = `${response.statusCode} ${text.slice(0, 300)}`;
    }
    await client.close();
  };
  await Promise.all(Array.from({ length: slice.connections }, connection));
  const elapsedSeconds = (performance.now() - started) / 1000;
  latencies.sort((a, b) => a - b);
  const percentile = (share: number): number => latencies[Math.floor(share * (latencies.length - 1))] ?? 0;
  return {
    answered,
    perSecond: latencies.length / elapsedSeconds,
    p50: percentile(0.5),
    p99: percentile(0.99),
    ...(fault === undefined ? {} : { fault }),
  };
}

process.on("message", (message) => {
  load(Slice.parse(message)).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.once("disconnect", () => process.exit(0));
process.send?.({ ready: "" });
