import { z } from "zod";
import type { Deed } from "../protocol.ts";

const MAX_MESSAGE_CHARACTERS = 12_000;
const MAX_SQL_CHARACTERS = 20_000;
const MAX_MOVE_MS = 30 * 24 * 60 * 60 * 1000;

const name = z.string().min(1);
const value = z.record(z.string(), z.json());
const place = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("message"), channelId: z.string(), ts: z.string() }),
  z.object({ kind: z.literal("view"), viewId: z.string() }),
]);
const element = { as: name, place, blockId: z.string(), actionId: z.string() };

/** What the page may ask for, as it arrives. */
export const deed = z.discriminatedUnion("do", [
  z.object({
    do: z.literal("say"),
    as: name,
    channelId: z.string(),
    text: z.string().trim().min(1).max(MAX_MESSAGE_CHARACTERS),
    threadTs: z.string().exactOptional(),
  }),
  z.object({ do: z.literal("press"), ...element, value: value.exactOptional() }),
  z.object({ do: z.literal("enter"), ...element, value }),
  z.object({ do: z.literal("suggest"), ...element, typed: z.string() }),
  z.object({ do: z.literal("submit"), as: name, viewId: z.string() }),
  z.object({ do: z.literal("close"), as: name, viewId: z.string() }),
  z.object({ do: z.literal("open_home"), as: name }),
  z.object({ do: z.literal("sql"), as: name, sql: z.string().min(1).max(MAX_SQL_CHARACTERS) }),
  z.object({
    do: z.literal("move_clock"),
    by: z.union([z.literal("to_next"), z.number().positive().max(MAX_MOVE_MS)]),
  }),
  z.object({
    do: z.literal("switch_fault"),
    fault: z.enum(["slow", "down", "rate_limited", "duplicates", "provider_down"]),
    on: z.boolean(),
  }),
]) satisfies z.ZodType<Deed>;
