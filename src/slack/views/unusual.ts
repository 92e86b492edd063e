import { type RequestFlag, requestAnomalyTitles } from "../../domain/request/anomalies.ts";
import { type ApprovalFlag, approvalAnomalyTitles } from "../../domain/request/approval-anomalies.ts";
import { onOneLine, shorten } from "../../domain/text.ts";
import { bold, type Piece } from "../../words/piece.ts";
import type { Message } from "./approval-message.ts";
import { lines, richText } from "./rich-text.ts";

/** Further flags are only counted: an approver judges in seconds. */
const maxFlags = 3;

/** What is unusual about a request, a line each. */
export function unusualLines(flags: readonly RequestFlag[]): readonly (readonly Piece[])[] {
  const rest = flags.length - maxFlags;
  return [
    ...flags.slice(0, maxFlags).map(({ kind, why }) => flagLine(requestAnomalyTitles[kind], why)),
    ...(rest > 0 ? [[`⚠️ and ${rest} more; the audit has ${rest === 1 ? "it" : "them"}`]] : []),
  ];
}

/** Adds what is unusual about an approval, under the line that reports it. */
export function withFlags({ text, blocks }: Message, flags: readonly ApprovalFlag[]): Message {
  if (flags.length === 0) return { text, blocks };
  const rows = flags.map(({ kind, why }) => flagLine(approvalAnomalyTitles[kind], why));
  return { text, blocks: [...blocks, richText(lines(rows))] };
}

function flagLine(title: string, why: string): readonly Piece[] {
  return ["⚠️ ", bold(title), `: ${shorten(onOneLine(why), 300)}`];
}
