import { type RequestFlag, requestAnomalyTitles } from "../../domain/request/anomalies.ts";
import { onOneLine } from "../../domain/text.ts";
import { bold, type Piece, shorten } from "./rich-text.ts";

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

/** One flag, by the title of its kind. */
export function flagLine(title: string, why: string): readonly Piece[] {
  return ["⚠️ ", bold(title), `: ${shorten(onOneLine(why), 300)}`];
}
