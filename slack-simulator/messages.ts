import { withIds } from "./elements.ts";
import { isObject, objectOf, objectsOf, textOf, type JsonObject } from "./json.ts";
import {
  hasText,
  MAX_ATTACHMENTS,
  MAX_BLOCKS_JSON,
  MAX_MARKDOWN_TEXT,
  MAX_TEXT,
  messageViolations,
} from "./limits.ts";
import { MethodError, refusalFor } from "./method-error.ts";
import type { Message } from "./model.ts";
import type { Workspace } from "./workspace.ts";

/** What a message says, checked against every limit Slack puts on it. */
export interface MessageContent {
  readonly text: string;
  readonly blocks: readonly JsonObject[];
  readonly attachments: readonly JsonObject[];
  readonly metadata: JsonObject | undefined;
  readonly warnings: readonly string[];
}

const MAX_METADATA_JSON = 16_000;

/**
 * Reads a message body as chat.postMessage, response_url and ack bodies carry it. Throws the MethodError Slack answers.
 * `maxText`: beyond it the text is refused; without it a text of more than 40,000 characters is cut with a warning.
 */
export function readContent(
  body: JsonObject,
  limits: { readonly maxText?: number; readonly mayBeEmpty?: boolean } = {},
): MessageContent {
  for (const name of ["blocks", "attachments"] as const) {
    const value = body[name] ?? undefined;
    if (value !== undefined && !Array.isArray(value)) throw new MethodError(`invalid_${name}_format`);
  }
  const blocks = objectsOf(body.blocks);
  const attachments = objectsOf(body.attachments);
  const markdown = textOf(body.markdown_text);
  const text = textOf(body.text);
  if (markdown !== "" && (text !== "" || blocks.length > 0)) throw new MethodError("markdown_text_conflict");
  if (markdown.length > MAX_MARKDOWN_TEXT) throw new MethodError("msg_too_long");
  if (attachments.length > MAX_ATTACHMENTS) throw new MethodError("too_many_attachments");
  if (limits.maxText !== undefined && text.length > limits.maxText) throw new MethodError("msg_too_long");
  const violations = messageViolations({ blocks: body.blocks ?? [], attachments });
  if (violations.length > 0) throw refusalFor("invalid_blocks", violations);
  if (JSON.stringify(blocks).length > MAX_BLOCKS_JSON) throw new MethodError("msg_blocks_too_long");
  const empty = !hasText(text) && markdown === "" && blocks.length === 0 && attachments.length === 0;
  if (empty && limits.mayBeEmpty !== true) throw new MethodError("no_text");
  return {
    text: (markdown || text).slice(0, MAX_TEXT),
    blocks: withIds(blocks),
    attachments: attachments.map((attachment) => ({
      ...attachment,
      blocks: withIds(objectsOf(attachment.blocks)),
    })),
    metadata: readMetadata(body.metadata),
    warnings: text.length > MAX_TEXT ? ["message_truncated"] : [],
  };
}

/** A message ready to be put into the workspace. */
export function messageFrom(
  workspace: Workspace,
  where: {
    readonly channelId: string;
    readonly threadTs?: string | undefined;
    readonly isBroadcast?: boolean;
  },
  content: Partial<MessageContent>,
  author: { readonly userId: string; readonly visibleTo?: string; readonly fileIds?: readonly string[] },
): Message {
  return {
    channelId: where.channelId,
    ts: workspace.nextTs(),
    threadTs: where.threadTs,
    userId: author.userId,
    text: content.text ?? "",
    blocks: content.blocks ?? [],
    attachments: content.attachments ?? [],
    metadata: content.metadata,
    fileIds: author.fileIds ?? [],
    reactions: [],
    isBroadcast: where.isBroadcast ?? false,
    editedTs: undefined,
    deleted: false,
    visibleTo: author.visibleTo,
    inputs: {},
  };
}

/** The message object of Slack's payloads and answers. */
export function messageShape(
  workspace: Workspace,
  message: Message,
  { withMetadata = true }: { readonly withMetadata?: boolean } = {},
): JsonObject {
  const { app, team } = workspace;
  const byBot = message.userId === app.botUserId;
  return {
    type: "message",
    user: message.userId,
    ts: message.ts,
    ...(byBot ? { bot_id: app.botId, app_id: app.id, bot_profile: botProfile(workspace) } : {}),
    text: message.text,
    team: team.id,
    ...(message.threadTs === undefined ? {} : { thread_ts: message.threadTs }),
    ...(message.blocks.length === 0 ? {} : { blocks: message.blocks }),
    ...(message.attachments.length === 0 ? {} : { attachments: message.attachments }),
    ...(message.metadata === undefined || !withMetadata ? {} : { metadata: message.metadata }),
    ...(message.editedTs === undefined ? {} : { edited: { user: app.botId, ts: message.editedTs } }),
  };
}

function botProfile(workspace: Workspace): JsonObject {
  const { app, team } = workspace;
  return { id: app.botId, app_id: app.id, name: app.name, deleted: false, updated: 0, team_id: team.id };
}

function readMetadata(metadata: unknown): JsonObject | undefined {
  if (metadata === undefined || metadata === null) return undefined;
  const { event_type: type, event_payload: payload } = objectOf(metadata);
  if (isObject(metadata) && Object.keys(metadata).length === 0) return metadata;
  if (typeof type !== "string" || !isObject(payload)) throw new MethodError("invalid_metadata_format");
  if (JSON.stringify(metadata).length > MAX_METADATA_JSON) throw new MethodError("metadata_too_large");
  return objectOf(metadata);
}
