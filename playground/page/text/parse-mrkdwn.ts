import { decodeEntities } from "../../../slack-simulator/visible-text.ts";
import { type Inline, parseInline } from "./parse-inline.ts";

export interface MrkdwnBlock {
  readonly kind: "paragraph" | "quote" | "pre";
  readonly children: readonly Inline[];
}

/**
 * Slack's mrkdwn, read in linear time whatever comes: what is not closed or not known stays text.
 * https://docs.slack.dev/messaging/formatting-message-text
 */
export function parseMrkdwn(source: string): readonly MrkdwnBlock[] {
  const blocks: MrkdwnBlock[] = [];
  let at = 0;
  while (at < source.length) {
    const open = source.indexOf("```", at);
    const close = open < 0 ? -1 : source.indexOf("```", open + 3);
    // A fence around nothing is no fence.
    const fenced = close > open + 3;
    blocks.push(...paragraphs(source.slice(at, fenced ? open : undefined), at > 0, fenced));
    if (!fenced) break;
    const inside = source.slice(open + 3, close).replace(/^\n|\n$/g, "");
    blocks.push({ kind: "pre", children: parseInline(inside, "preformatted") });
    at = close + 3;
  }
  return blocks;
}

/** The lines of a stretch between fences, quotes apart. A line break beside a fence belongs to the fence. */
function paragraphs(stretch: string, afterFence: boolean, beforeFence: boolean): readonly MrkdwnBlock[] {
  let text = afterFence ? stretch.replace(/^\n/, "") : stretch;
  if (beforeFence) text = text.replace(/\n$/, "");
  if (text === "") return [];
  const blocks: { kind: "paragraph" | "quote"; lines: string[] }[] = [];
  let quotesAll = false;
  for (const line of text.split("\n")) {
    const [mark] = /^(?:&gt;|>){3}|^(?:&gt;|>)/.exec(line) ?? [""];
    const kind = quotesAll || mark !== "" ? "quote" : "paragraph";
    const said = quotesAll ? line : line.slice(mark.length).replace(mark === "" ? "" : /^ /, "");
    // `>>>` quotes all that follows.
    quotesAll ||= decodeEntities(mark) === ">>>";
    const last = blocks.at(-1);
    if (last?.kind === kind) last.lines.push(said);
    else blocks.push({ kind, lines: [said] });
  }
  return blocks.map(({ kind, lines }) => ({
    kind,
    children: lines.flatMap((line, index): readonly Inline[] => [
      ...(index === 0 ? [] : [{ kind: "break" } as const]),
      ...parseInline(line, "styled"),
    ]),
  }));
}
