import { type RequestFlag, requestAnomalyTitles } from "../domain/request/anomalies.ts";
import { type ApprovalFlag, approvalAnomalyTitles } from "../domain/request/approval-anomalies.ts";
import { onOneLine, shorten } from "../domain/text.ts";
import { bold, type Line } from "../words/piece.ts";
import { type Message, withMore } from "./message.ts";

/** Further flags are only counted: an approver judges in seconds. */
const maxFlags = 3;

/** What is unusual about a request, a line each. */
export function unusualLines(flags: readonly RequestFlag[]): readonly Line[] {
  const rest = flags.length - maxFlags;
  return [
    ...flags.slice(0, maxFlags).map(({ kind, why }) => flagLine(requestAnomalyTitles[kind], why)),
    ...(rest > 0 ? [[`⚠️ and ${rest} more; the audit has ${rest === 1 ? "it" : "them"}`]] : []),
  ];
}

/** Adds what is unusual about an approval, under the line that reports it. */
export function withFlags(message: Message, flags: readonly ApprovalFlag[]): Message {
  if (flags.length === 0) return message;
  const lines = flags.map(({ kind, why }) => flagLine(approvalAnomalyTitles[kind], why));
  return withMore(message, { sections: [{ lines }] });
}

function flagLine(title: string, why: string): Line {
  return ["⚠️ ", bold(title), `: ${shorten(onOneLine(why), 300)}`];
}
