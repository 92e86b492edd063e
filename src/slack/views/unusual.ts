import { type ApprovalFlag, approvalAnomalyTitles } from "../../domain/request/approval-anomalies.ts";
import type { Message } from "./approval-message.ts";
import { flagLine } from "./flag-lines.ts";
import { lines, richText } from "./rich-text.ts";

/** Adds what is unusual about an approval, under the line that reports it. */
export function withFlags({ text, blocks }: Message, flags: readonly ApprovalFlag[]): Message {
  if (flags.length === 0) return { text, blocks };
  const rows = flags.map(({ kind, why }) => flagLine(approvalAnomalyTitles[kind], why));
  return { text, blocks: [...blocks, richText(lines(rows))] };
}
