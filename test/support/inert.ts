import { isObject, type Json, type JsonObject, textOf } from "../../slack-simulator/json.ts";
import type { Slack } from "./slack.ts";

/** Throws when Slack would do something about anything that Hallpass said; `known` may be mentioned. */
export function assertInert(slack: Slack, known: readonly string[]): void {
  const active = saidIn(slack).flatMap((said) => activeParts(said, known));
  if (active.length > 0) throw new Error(`Slack would act on what people typed:\n${active.join("\n")}`);
}

/** All that Hallpass posted, changed or answered. */
function saidIn(slack: Slack): readonly JsonObject[] {
  const methods = ["chat.postMessage", "chat.update", "chat.postEphemeral", "response_url"];
  const called = slack.calls().flatMap(({ method, args }) => (methods.includes(method) ? [args] : []));
  return [...called, ...slack.deliveries().flatMap(({ ackBody }) => (isObject(ackBody) ? [ackBody] : []))];
}

function activeParts(said: JsonObject, known: readonly string[]): readonly string[] {
  const { text, link_names: linkNames, parse } = said;
  const parsed = typeof text === "string" && /[<>]|&(?!(?:amp|lt|gt);)/.test(text) ? [`text: ${text}`] : [];
  const asked = linkNames === undefined && parse === undefined ? [] : ["names in the text are made links"];
  return [
    ...parsed,
    ...asked,
    ...activeIn(said["blocks"] ?? [], known),
    ...activeIn(said["view"] ?? [], known),
  ];
}

function activeIn(value: Json, known: readonly string[]): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((each: Json) => activeIn(each, known));
  if (!isObject(value)) return [];
  const within = Object.values(value).flatMap((each) => activeIn(each, known));
  const isMention = value["type"] === "user" && known.includes(textOf(value["user_id"]));
  const isActive = active.has(textOf(value["type"])) && !isMention;
  return isActive ? [JSON.stringify(value), ...within] : within;
}

/** Types of text objects and rich text elements that notify, link, are parsed or are drawn. */
const active = new Set([
  "mrkdwn",
  "markdown",
  "broadcast",
  "link",
  "user",
  "usergroup",
  "channel",
  "team",
  "emoji",
  "color",
]);

/** The cells of a CSV file, row by row. */
export function cellsOf(csv: string): readonly (readonly string[])[] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/gu)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? "");
    if (end === "\n") rows.push([]);
    if (end === "") break;
  }
  return rows.filter((row) => row.some((cell) => cell !== ""));
}
