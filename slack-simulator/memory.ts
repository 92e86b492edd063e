import { z } from "zod";
import { isObject, type JsonObject } from "./json.ts";
import type { Channel, Message, OpenView, StoredFile, User, Usergroup } from "./model.ts";

/** What a workspace remembers over a restart; modals that were open are gone, as after any reload of Slack. */
export interface WorkspaceMemory {
  readonly users: readonly User[];
  readonly channels: readonly Channel[];
  readonly usergroups: readonly Usergroup[];
  readonly messages: readonly Message[];
  readonly files: readonly StoredFile[];
  readonly homes: readonly OpenView[];
  /** Behind the ts and the id given last: neither ever comes again. */
  readonly lastMicroseconds: number;
  readonly lastId: number;
}

const FORMAT = 1;

const Obj = z.custom<JsonObject>(isObject, "expected an object");
const Values = z.record(z.string(), z.record(z.string(), Obj));
const texts = z.array(z.string());

/** JSON leaves out what is undefined. */
function absent<T>(schema: z.ZodType<T>): z.ZodType<T | undefined> {
  return schema.optional().transform((value) => value);
}

const UserRecord = z.object({
  id: z.string(),
  teamId: z.string(),
  enterpriseId: absent(z.string()),
  name: z.string(),
  realName: z.string(),
  email: z.string(),
  timezone: z.string(),
  deleted: z.boolean(),
  isBot: z.boolean(),
  isRestricted: z.boolean(),
  isUltraRestricted: z.boolean(),
  isStranger: z.boolean(),
  isAppUser: z.boolean(),
}) satisfies z.ZodType<User>;

const ChannelRecord = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(["public", "private", "im", "mpim"]),
  isArchived: z.boolean(),
  isExtShared: z.boolean(),
  members: texts,
  createdAt: z.number(),
}) satisfies z.ZodType<Channel>;

const UsergroupRecord = z.object({
  id: z.string(),
  handle: z.string(),
  name: z.string(),
  members: texts,
  disabled: z.boolean(),
  isExternal: z.boolean().default(false),
}) satisfies z.ZodType<Usergroup>;

const MessageRecord = z.object({
  channelId: z.string(),
  ts: z.string(),
  threadTs: absent(z.string()),
  userId: z.string(),
  text: z.string(),
  blocks: z.array(Obj),
  attachments: z.array(Obj),
  metadata: absent(Obj),
  fileIds: texts,
  reactions: z.array(z.object({ name: z.string(), users: texts })),
  isBroadcast: z.boolean(),
  editedTs: absent(z.string()),
  deleted: z.boolean(),
  visibleTo: absent(z.string()),
  inputs: z.record(z.string(), Values),
}) satisfies z.ZodType<Message>;

const FileRecord = z.object({
  id: z.string(),
  name: z.string(),
  title: z.string(),
  content: z.base64().transform((text) => Buffer.from(text, "base64")),
  createdAt: z.number(),
  completed: z.boolean(),
  channelIds: texts,
}) satisfies z.ZodType<StoredFile>;

const HomeRecord = z.object({
  id: z.string(),
  kind: z.literal("home"),
  userId: z.string(),
  definition: Obj,
  values: Values,
  errors: z.record(z.string(), z.string()),
  failure: absent(z.string()),
  hash: z.string(),
  rootId: z.string(),
  previousId: absent(z.string()),
}) satisfies z.ZodType<OpenView>;

const Memory = z.object({
  format: z.literal(FORMAT),
  users: z.array(UserRecord),
  channels: z.array(ChannelRecord),
  usergroups: z.array(UsergroupRecord),
  messages: z.array(MessageRecord),
  files: z.array(FileRecord),
  homes: z.array(HomeRecord),
  lastMicroseconds: z.int().nonnegative(),
  lastId: z.int().nonnegative(),
}) satisfies z.ZodType<WorkspaceMemory>;

/** As JSON; a file's content as base64. */
export function writeMemory(memory: WorkspaceMemory): string {
  const files = memory.files.map((file) => ({ ...file, content: file.content.toString("base64") }));
  return JSON.stringify({ format: FORMAT, ...memory, files });
}

/** Reads what `writeMemory` wrote; throws zod's error, or JSON's, for anything else. */
export function readMemory(text: string): WorkspaceMemory {
  return Memory.parse(JSON.parse(text));
}
