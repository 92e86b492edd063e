import { isObject, objectOf, objectsOf, textOf, type Json, type JsonObject } from "./json.ts";

/** What a text object or bare string says, as it was sent. */
export function textObject(value: Json): string {
  return typeof value === "string" ? value : textOf(objectOf(value).text);
}

type Reader = (text: Json) => string;

/** All a person would read in the blocks, one line a piece, with mrkdwn left as its source. Buttons are not text. */
export function visibleText(blocks: readonly JsonObject[]): string {
  return linesOf(blocks, textObject).join("\n");
}

/** As `visibleText`, with the entities of mrkdwn (`&amp;` `&lt;` `&gt;`) decoded as Slack shows them. */
export function renderedText(blocks: readonly JsonObject[]): string {
  return linesOf(blocks, (value) =>
    isObject(value) && value.type === "plain_text" ? textObject(value) : decodeEntities(textObject(value)),
  ).join("\n");
}

/** The only three entities Slack knows. */
export function decodeEntities(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

function linesOf(blocks: readonly JsonObject[], read: Reader): readonly string[] {
  return blocks.flatMap((block) => blockLines(block, read)).filter((line) => line !== "");
}

function blockLines(block: JsonObject, read: Reader): readonly string[] {
  switch (textOf(block.type)) {
    case "section":
      return [read(block.text), ...objectsOf(block.fields).map(read)];
    case "context":
      return [
        objectsOf(block.elements)
          .map((element) => (element.type === "image" ? textOf(element.alt_text) : read(element)))
          .join(" "),
      ];
    case "input":
      return [read(block.label), read(block.hint)];
    case "image":
      return [read(block.title), textOf(block.alt_text)];
    case "rich_text":
      return objectsOf(block.elements).flatMap(richTextLines);
    case "table":
      return tableLines(block, read);
    case "video":
      return [read(block.title), read(block.description)];
    default:
      return [read(block.title), read(block.subtitle), read(block.text), read(block.body)];
  }
}

function tableLines(block: JsonObject, read: Reader): readonly string[] {
  const rows = Array.isArray(block.rows) ? block.rows : [];
  return rows.map((row) =>
    objectsOf(row)
      .map((cell) => (cell.type === "rich_text" ? linesOf([cell], read).join(" ") : read(cell)))
      .join(" | "),
  );
}

function richTextLines(part: JsonObject): readonly string[] {
  const children = objectsOf(part.elements);
  if (part.type === "rich_text_list") {
    return children.flatMap((item) => richTextLines(item).map((line) => `• ${line}`));
  }
  return [children.map(richTextPiece).join("")];
}

function richTextPiece(piece: JsonObject): string {
  switch (textOf(piece.type)) {
    case "user":
      return `<@${textOf(piece.user_id)}>`;
    case "usergroup":
      return `<!subteam^${textOf(piece.usergroup_id)}>`;
    case "channel":
      return `<#${textOf(piece.channel_id)}>`;
    case "broadcast":
      return `<!${textOf(piece.range)}>`;
    case "emoji":
      return `:${textOf(piece.name)}:`;
    case "date":
      return textOf(piece.fallback) || JSON.stringify(piece.timestamp);
    case "link":
      return textOf(piece.text) || textOf(piece.url);
    default:
      return textOf(piece.text);
  }
}
