import { z } from "zod";

const Hello = z.object({ type: z.literal("hello") });
const Disconnect = z.object({
  type: z.literal("disconnect"),
  // Slack's reasons use only these characters; operators read them.
  reason: z
    .string()
    .regex(/^[a-z_]{1,40}$/u)
    .catch("no reason given"),
});
const Envelope = z.object({ envelope_id: z.string().min(1), payload: z.unknown().optional() });
const Typed = z.object({ type: z.string() });

/** A message that Slack wants acknowledged. */
export type Envelope = z.infer<typeof Envelope>;

export type Frame =
  | { readonly is: "hello" }
  | { readonly is: "disconnect"; readonly reason: string }
  | { readonly is: "envelope"; readonly envelope: Envelope }
  /** `type`: the type it claims to be. */
  | { readonly is: "unknown"; readonly type: string };

/** Parses a WebSocket message. */
export function readFrame(data: unknown): Frame {
  if (typeof data !== "string") return { is: "unknown", type: "binary" };
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch {
    return { is: "unknown", type: "no JSON" };
  }
  // Checked first, because anything with an envelope id has to be acknowledged.
  const envelope = Envelope.safeParse(json);
  if (envelope.success) return { is: "envelope", envelope: envelope.data };
  if (Hello.safeParse(json).success) return { is: "hello" };
  const disconnect = Disconnect.safeParse(json);
  if (disconnect.success) return { is: "disconnect", reason: disconnect.data.reason };
  return {
    is: "unknown",
    type: Typed.safeParse(json).data?.type.slice(0, 80) ?? (json === null ? "null" : typeof json),
  };
}
