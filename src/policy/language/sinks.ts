import { z } from "zod";
import { hasReference } from "../../resolve-secrets.ts";

// Where the audit is sent, as an author writes it. `${NAME}` references are resolved later, and then checked once more.

const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/u.test(host);

/** Why the audit may not be sent to an address; never repeats what may be secret in it. */
function addressFault(text: string): string | undefined {
  if (!URL.canParse(text)) return "expected an address such as https://siem.example.com/hook";
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username !== "" || password !== "") return "expected an address without a name and password in it";
  if (hash !== "") return "expected an address without #";
  if (protocol === "https:" || (protocol === "http:" && isLoopback(hostname))) return undefined;
  return "expected https, or http to this machine: who has access would be readable on the way";
}

function syslogFault(text: string): string | undefined {
  const expected = "expected an address such as tls://siem.example.com:6514";
  if (!URL.canParse(text)) return expected;
  const { protocol, hostname, port, username, pathname, search } = new URL(text);
  if (hostname === "" || port === "" || username !== "" || pathname.length > 1 || search !== "")
    return expected;
  if (protocol === "tls:" || (protocol === "tcp:" && isLoopback(hostname))) return undefined;
  return "expected tls, or tcp to this machine: who has access would be readable on the way";
}

/** https, ssh, or a path on this machine; nothing that git takes for an option or a command. */
function remoteFault(text: string): string | undefined {
  const isRemote = /^(?:https:\/\/|ssh:\/\/|git@[\w.-]+:|file:\/\/\/|\/)[^\s-]/u.test(text);
  return isRemote ? undefined : "expected https://, ssh://, git@HOST:PATH or a path that begins with /";
}

function checked(fault: (text: string) => string | undefined): z.ZodString {
  return z.string().refine((text) => hasReference(text) || fault(text) === undefined, {
    error: (issue) => fault(String(issue.input)),
  });
}

const Secret = z.string().refine((text) => hasReference(text) || /^[\x21-\x7E]+$/u.test(text), {
  error: "expected visible ASCII characters, without white space or a line break at the end",
});

/** Part of a name in another system, which must be harmless in a path. */
const part = (pattern: RegExp, expected: string): z.ZodString =>
  z.string().regex(pattern, { error: expected });

const common = {
  personal: z
    .enum(["open", "sealed"])
    .default("open")
    .describe("open: people by their names; sealed: by tokens that only Hallpass's database can open."),
};

const StdoutOptions = z.strictObject({ type: z.literal("stdout"), ...common });

export type WebhookOptions = z.infer<typeof WebhookOptions>;
export const WebhookOptions = z.strictObject({
  type: z.literal("webhook"),
  url: checked(addressFault).describe("Where batches are sent by POST: https, or http to this machine."),
  secret: Secret.refine((text) => hasReference(text) || text.length >= 16, {
    error: "expected at least 16 characters",
  }).describe("What batches are signed with (HMAC-SHA256), as ${NAME}."),
  ...common,
});

export type SyslogOptions = z.infer<typeof SyslogOptions>;
export const SyslogOptions = z.strictObject({
  type: z.literal("syslog"),
  url: checked(syslogFault).describe("tls://HOST:PORT, or tcp:// to this machine."),
  ca: z
    .string()
    .optional()
    .describe("A file with the certificates (PEM) to trust instead of the usual ones."),
  ...common,
});

export type SplunkOptions = z.infer<typeof SplunkOptions>;
export const SplunkOptions = z.strictObject({
  type: z.literal("splunk"),
  url: checked(addressFault).describe("Of the HTTP Event Collector, without /services/collector/event."),
  token: Secret.describe("The collector's token, as ${NAME}."),
  index: part(/^[a-z0-9_-]{1,80}$/u, "expected an index such as audit").optional(),
  sourcetype: part(/^[\w:.-]{1,80}$/u, "expected a source type such as hallpass:audit").default(
    "hallpass:audit",
  ),
  ...common,
});

export type ElasticsearchOptions = z.infer<typeof ElasticsearchOptions>;
export const ElasticsearchOptions = z.strictObject({
  type: z.literal("elasticsearch"),
  url: checked(addressFault).describe("Of the cluster, without an index."),
  index: part(/^[a-z0-9][a-z0-9._-]{0,199}$/u, "expected an index such as hallpass-audit").default(
    "hallpass-audit",
  ),
  api_key: Secret.optional().describe("An API key as Elasticsearch encodes it, as ${NAME}."),
  ...common,
});

export type S3Options = z.infer<typeof S3Options>;
export const S3Options = z.strictObject({
  type: z.literal("s3"),
  bucket: part(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/u, "expected a bucket's name"),
  region: part(/^[a-z0-9-]{1,40}$/u, "expected a region such as eu-central-1"),
  prefix: part(/^(?:[\w.=-]+\/)*$/u, "expected a prefix that ends in /, such as audit/").default(""),
  endpoint: checked(addressFault).optional().describe("Of another service that speaks S3."),
  access_key: Secret.describe("The access key's id, as ${NAME}."),
  secret_key: Secret.describe("The secret access key, as ${NAME}."),
  ...common,
});

export type GitOptions = z.infer<typeof GitOptions>;
export const GitOptions = z.strictObject({
  type: z.literal("git"),
  remote: checked(remoteFault).optional().describe("Where commits are pushed; nowhere unless told."),
  branch: part(/^[A-Za-z0-9][\w-]{0,99}$/u, "expected a branch such as main").default("main"),
  author: z
    .strictObject({
      name: part(/^[^<>\p{C}]{1,100}$/u, "expected a name without < and >").default("Hallpass"),
      email: part(/^[^<>\s\p{C}]{1,200}$/u, "expected an e-mail address").default("hallpass@localhost"),
    })
    .prefault({})
    .describe("Whom commits are by."),
  ...common,
});

const sinkTypes = [
  StdoutOptions,
  WebhookOptions,
  SyslogOptions,
  SplunkOptions,
  ElasticsearchOptions,
  S3Options,
  GitOptions,
] as const;

/** An entry of `sinks:`; its type decides what else it may hold. */
export type SinkOptions = z.infer<typeof SinkOptions>;
export const SinkOptions = z.discriminatedUnion("type", sinkTypes, {
  error: (issue) =>
    issue.code === "invalid_union"
      ? `expected one of ${sinkTypes.map(({ shape }) => shape.type.value).join(", ")}`
      : undefined,
});
