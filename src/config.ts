import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { type CrashPoint, crashPoints } from "./crash-point.ts";

/** Storage and logging settings: all that commands need that never talk to Slack. */
export type StorageConfig = {
  readonly database: {
    /** `undefined`: Hallpass brings its own PostgreSQL, under `dataDir`. */
    readonly url: string | undefined;
    readonly dataDir: string;
  };
  /** `undefined`: BullMQ runs on PostgreSQL. */
  readonly redisUrl: string | undefined;
  /** A policy file, or a folder of them. */
  readonly policyPath: string;
  /** The private key that signs the audit, in PEM. `undefined`: one is kept under `dataDir`. */
  readonly auditKey: string | undefined;
  readonly logLevel: LogLevel;
};

/** The services for groups whose members are defined outside the policy. `undefined`: not set up. */
export type GroupConfig = {
  readonly pagerDuty: OnCallConfig | undefined;
  readonly opsgenie: OnCallConfig | undefined;
};

/** `url` ends in `/`. */
type OnCallConfig = { readonly token: string; readonly url: string };

export type Config = StorageConfig & {
  readonly groups: GroupConfig;
  readonly slack: {
    readonly botToken: string;
    /** Ends in `/`. */
    readonly apiUrl: string;
    readonly transport: SlackTransport;
  };
  readonly http: { readonly host: string; readonly port: number };
  /** Where operators get metrics and the reasons why Hallpass is not ready. `undefined`: nowhere. */
  readonly ops: { readonly host: string; readonly port: number } | undefined;
  /** Where Hallpass kills itself, to test that it recovers from there. */
  readonly crashAt?: CrashPoint;
};

type SlackTransport =
  | { readonly mode: "socket"; readonly appToken: string }
  | { readonly mode: "http"; readonly signingSecret: string };

/** The proxies of outgoing calls. */
export type Proxies = {
  readonly http: ProxySetting | undefined;
  readonly https: ProxySetting | undefined;
  /** Hosts that are called directly, in the syntax of NO_PROXY. */
  readonly exceptions: string;
};

/** `name` is the name of the setting; `url` may contain a password. */
export type ProxySetting = { readonly name: string; readonly url: string };

/** `faults` are sentences for an operator: what is wrong and how to fix it, never a secret's value. */
export type ConfigResult<T> =
  { readonly ok: true; readonly config: T } | { readonly ok: false; readonly faults: readonly string[] };

type LogLevel = z.infer<typeof LogLevel>;
const LogLevel = z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]);

const databaseUrlFault =
  "DATABASE_URL must look like postgresql://user:password@host:5432/name, with special characters in the password " +
  "percent-encoded (# is %23); leave it out to let Hallpass bring its own PostgreSQL.";

const redisUrlFault =
  "REDIS_URL must look like redis://host:6379 or rediss://user:password@host:6380; leave it out to queue jobs in " +
  "PostgreSQL.";

const botTokenHowTo =
  "install the app from manifest.yml in your workspace and copy the “Bot User OAuth Token” (it begins with xoxb-) from " +
  "OAuth & Permissions";

const appTokenHowTo =
  "make an app-level token with the scope connections:write (it begins with xapp-) under Basic Information";

const apiUrlFault =
  "SLACK_API_URL must be an http:// or https:// address without parameters, such as https://slack.com/api/; leave it " +
  "out to use Slack's.";

const pagerDutyTokenFault =
  "PAGERDUTY_API_TOKEN must be one key without spaces, as Integrations → API Access Keys shows it; leave it out if no " +
  "group of the policy is a PagerDuty schedule.";

const pagerDutyUrlFault =
  "PAGERDUTY_API_URL must be an http:// or https:// address without parameters, such as https://api.eu.pagerduty.com; " +
  "leave it out for https://api.pagerduty.com.";

const opsgenieKeyFault =
  "OPSGENIE_API_KEY must be one key without spaces, as API key management shows it; leave it out if no group of the " +
  "policy is an Opsgenie schedule.";

const opsgenieUrlFault =
  "OPSGENIE_API_URL must be an http:// or https:// address without parameters, such as https://api.eu.opsgenie.com; " +
  "leave it out for https://api.opsgenie.com.";

const portFault = "PORT must be a whole number from 0 to 65535 (0 takes a free port); leave it out for 3000.";

const opsPortFault =
  "OPS_PORT must be a whole number from 0 to 65535 (0 serves no metrics), or an address with one, such as 0.0.0.0:9464 or " +
  "[::1]:9464; leave it out for 9464 on this machine alone.";

const logLevelFault = `LOG_LEVEL must be one of ${LogLevel.options.join(", ")}; leave it out for info.`;

const transportFault =
  `SLACK_APP_TOKEN and SLACK_SIGNING_SECRET are both missing, and Hallpass needs one of them: for Socket Mode ` +
  `${appTokenHowTo} and set SLACK_APP_TOKEN; for HTTP copy the “Signing Secret” from Basic Information to ` +
  `SLACK_SIGNING_SECRET and let Slack reach POST /slack/events.`;

const Storage = z.object({
  DATABASE_URL: z
    .string()
    .refine((url) => isUrlOf(url, ["postgres:", "postgresql:"]), databaseUrlFault)
    .optional(),
  HALLPASS_DATA_DIR: z.string().default(".hallpass"),
  REDIS_URL: z
    .string()
    .refine((url) => isUrlOf(url, ["redis:", "rediss:"]), redisUrlFault)
    .optional(),
  HALLPASS_CONFIG: z.string().default("hallpass.yml"),
  HALLPASS_AUDIT_KEY: z.string().optional(),
  LOG_LEVEL: z.string().toLowerCase().pipe(z.enum(LogLevel.options, logLevelFault)).default("info"),
});

const Slack = z.object({
  SLACK_BOT_TOKEN: z
    .string(tokenFault("SLACK_BOT_TOKEN", "xoxb-", botTokenHowTo, undefined))
    .regex(/^xoxb-\S+$/, {
      error: ({ input }) => tokenFault("SLACK_BOT_TOKEN", "xoxb-", botTokenHowTo, input),
    }),
  SLACK_APP_TOKEN: z
    .string()
    .regex(/^xapp-\S+$/, {
      error: ({ input }) => tokenFault("SLACK_APP_TOKEN", "xapp-", appTokenHowTo, input),
    })
    .optional(),
  SLACK_SIGNING_SECRET: z.string().optional(),
  SLACK_API_URL: apiUrl(apiUrlFault).default("https://slack.com/api/"),
});

// What fits into an HTTP header: anything else would be refused late, in a message that contains the key.
const keyPattern = /^[\x21-\x7e]+$/;

const Groups = z.object({
  PAGERDUTY_API_TOKEN: z.string().regex(keyPattern, pagerDutyTokenFault).optional(),
  PAGERDUTY_API_URL: apiUrl(pagerDutyUrlFault).default("https://api.pagerduty.com/"),
  OPSGENIE_API_KEY: z.string().regex(keyPattern, opsgenieKeyFault).optional(),
  OPSGENIE_API_URL: apiUrl(opsgenieUrlFault).default("https://api.opsgenie.com/"),
});

/** The Slack settings that reading the groups needs, too. */
const SlackGroups = Slack.pick({ SLACK_BOT_TOKEN: true, SLACK_API_URL: true }).partial({
  SLACK_BOT_TOKEN: true,
});

const proxyFault = (name: string): string =>
  `${name} must look like http://proxy.example.com:3128 or http://user:password@proxy.example.com:3128 (or https://…), with ` +
  "special characters in the user and password percent-encoded (@ is %40); other protocols, such as socks5, are not " +
  "supported. Leave it out to call without a proxy.";

const loopback = "127.0.0.1";

const Http = z.object({
  HOST: z.string().optional(),
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, portFault)
    .transform(Number)
    .refine((port) => port <= 65_535, portFault)
    .default(3000),
  OPS_PORT: z
    .string()
    .regex(/^(?:[\w.-]+:|\[[\da-fA-F:.]+\]:)?\d{1,5}$/, opsPortFault)
    .transform(placeOf)
    .refine(({ port }) => port <= 65_535, opsPortFault)
    .default({ host: loopback, port: 9464 }),
});

/** Parses an address with a port, or a port on this machine alone. */
function placeOf(text: string): { readonly host: string; readonly port: number } {
  const [, host = loopback, port] = /^(?:\[?([^\]]*?)\]?:)?(\d+)$/.exec(text) ?? [];
  return { host, port: Number(port) };
}

const crashFault =
  "HALLPASS_CRASH_AT has Hallpass kill itself and is for its own tests, which set NODE_ENV to test; leave it out.";

const Crash = z
  .object({
    NODE_ENV: z.string().optional(),
    HALLPASS_CRASH_AT: z
      .enum(crashPoints, { error: () => `HALLPASS_CRASH_AT must name one of: ${crashPoints.join(", ")}.` })
      .optional(),
  })
  .refine(({ NODE_ENV: kind, HALLPASS_CRASH_AT: at }) => at === undefined || kind === "test", crashFault);

/** Reads everything `hallpass start` needs, and reports all faults at once. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): ConfigResult<Config> {
  const set = withoutBlanks(env);
  const storage = Storage.safeParse(set);
  const slack = Slack.safeParse(set);
  const groups = Groups.safeParse(set);
  const http = Http.safeParse(set);
  const crash = Crash.safeParse(set);
  const hasTransport = Boolean(set["SLACK_APP_TOKEN"] ?? set["SLACK_SIGNING_SECRET"]);
  const faults = [
    ...faultsOf(slack),
    ...(hasTransport ? [] : [transportFault]),
    ...faultsOf(groups),
    ...faultsOf(http),
    ...faultsOf(storage),
    ...faultsOf(crash),
    ...proxyFaultsIn(env),
  ];
  const transport = slack.data && transportOf(slack.data);
  if (
    !storage.data ||
    !slack.data ||
    !groups.data ||
    !http.data ||
    !crash.data ||
    !transport ||
    faults.length > 0
  )
    return { ok: false, faults };
  const { HOST, PORT, OPS_PORT } = http.data;
  const { HALLPASS_CRASH_AT: crashAt } = crash.data;
  return {
    ok: true,
    config: {
      ...storageOf(storage.data),
      groups: groupsOf(groups.data),
      slack: { botToken: slack.data.SLACK_BOT_TOKEN, apiUrl: slack.data.SLACK_API_URL, transport },
      // In HTTP mode Slack must reach us, so we listen everywhere; in Socket Mode we only answer health checks.
      http: { host: HOST ?? (transport.mode === "http" ? "0.0.0.0" : loopback), port: PORT },
      ops: OPS_PORT.port === 0 ? undefined : OPS_PORT,
      ...(crashAt && { crashAt }),
    },
  };
}

/** Reads only what commands need that never talk to Slack. */
export function readStorageConfig(env: NodeJS.ProcessEnv = process.env): ConfigResult<StorageConfig> {
  const storage = Storage.safeParse(withoutBlanks(env));
  if (!storage.success) return { ok: false, faults: faultsOf(storage) };
  return { ok: true, config: storageOf(storage.data) };
}

/** Reads what commands need that read a policy's groups and do not talk to Slack otherwise. */
export function readGroupConfig(
  env: NodeJS.ProcessEnv = process.env,
): ConfigResult<
  GroupConfig & { readonly slack: { readonly botToken: string; readonly apiUrl: string } | undefined }
> {
  const set = withoutBlanks(env);
  const groups = Groups.safeParse(set);
  const slack = SlackGroups.safeParse(set);
  const faults = [...faultsOf(slack), ...faultsOf(groups), ...proxyFaultsIn(env)];
  if (!groups.data || !slack.data || faults.length > 0) return { ok: false, faults };
  const { SLACK_BOT_TOKEN: botToken, SLACK_API_URL: url } = slack.data;
  return {
    ok: true,
    config: {
      ...groupsOf(groups.data),
      slack: botToken === undefined ? undefined : { botToken, apiUrl: url },
    },
  };
}

/**
 * Reads the proxies of outgoing calls. Called where calls are made, instead of being passed down: like PATH, proxies
 * belong to the whole process, and the author of a provider need not think of them.
 */
export function readProxies(env: NodeJS.ProcessEnv = process.env): ConfigResult<Proxies> {
  const set = withoutBlanks(env);
  const http = proxyIn(set, ["http_proxy", "HTTP_PROXY"]);
  const https = proxyIn(set, ["https_proxy", "HTTPS_PROXY"]) ?? http;
  const wrong = [...new Set([http, https])].filter((proxy) => proxy && !isProxyUrl(proxy.url));
  if (wrong.length > 0) return { ok: false, faults: wrong.map((proxy) => proxyFault(proxy?.name ?? "")) };
  return { ok: true, config: { http, https, exceptions: set["no_proxy"] ?? set["NO_PROXY"] ?? "" } };
}

/** Resolves the `${NAME}` references of a policy; a blank value counts as unset. */
export function secretsFrom(env: NodeJS.ProcessEnv = process.env): (name: string) => string | undefined {
  return (name) => {
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    return value?.trim() ? value : undefined;
  };
}

/** The search path for programs. */
export function searchPath(env: NodeJS.ProcessEnv = process.env): string {
  return env["PATH"] ?? "";
}

/**
 * Adds a `.env` file's settings to the environment, where they are not set already; nothing happens without the file.
 * Returns what is wrong with it, as a sentence.
 */
export function loadEnvFile(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const line = malformedLine(readFileSync(path, "utf8"));
    if (line !== undefined) return `${path}:${line}: expected NAME=value or a # comment, got something else.`;
    process.loadEnvFile(path);
    return undefined;
  } catch (error) {
    return `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`;
  }
}

/**
 * Finds the first malformed line, counted from 1: Node silently skips lines it can't read, and a setting would only
 * seem to be set.
 */
function malformedLine(text: string): number | undefined {
  const quoted = /^([ \t]*(?:export[ \t]+)?[\w.-]+[ \t]*=)[ \t]*(["'`])[^]*?\2/gm;
  const wellFormed = /^\s*(?:$|#|(?:export\s+)?[A-Za-z_][\w.-]*\s*=(?!\s*["'`]))/;
  // A quoted value may span lines; their number is kept.
  const lines = text
    .replaceAll(quoted, (match, name: string) => name + match.replaceAll(/[^\n]/g, ""))
    .split("\n");
  const index = lines.findIndex((line) => !wellFormed.test(line));
  return index === -1 ? undefined : index + 1;
}

type Settings = Readonly<Record<string, string>>;

/** Drops blank values, which count as unset, and trims the line break after a pasted secret. */
function withoutBlanks(env: NodeJS.ProcessEnv): Settings {
  const trimmed = Object.entries(env).map(([name, value]) => [name, value?.trim() ?? ""] as const);
  return Object.fromEntries(trimmed.filter(([, value]) => value !== ""));
}

function storageOf(set: z.infer<typeof Storage>): StorageConfig {
  return {
    database: { url: set.DATABASE_URL, dataDir: set.HALLPASS_DATA_DIR },
    redisUrl: set.REDIS_URL,
    policyPath: set.HALLPASS_CONFIG,
    auditKey: set.HALLPASS_AUDIT_KEY,
    logLevel: set.LOG_LEVEL,
  };
}

function groupsOf(set: z.infer<typeof Groups>): GroupConfig {
  const { PAGERDUTY_API_TOKEN: pagerDuty, OPSGENIE_API_KEY: opsgenie } = set;
  return {
    pagerDuty: pagerDuty === undefined ? undefined : { token: pagerDuty, url: set.PAGERDUTY_API_URL },
    opsgenie: opsgenie === undefined ? undefined : { token: opsgenie, url: set.OPSGENIE_API_URL },
  };
}

/** Socket Mode wins where both are set: it works wherever Hallpass runs. */
function transportOf(set: z.infer<typeof Slack>): SlackTransport | undefined {
  if (set.SLACK_APP_TOKEN !== undefined) return { mode: "socket", appToken: set.SLACK_APP_TOKEN };
  if (set.SLACK_SIGNING_SECRET !== undefined)
    return { mode: "http", signingSecret: set.SLACK_SIGNING_SECRET };
  return undefined;
}

function proxyFaultsIn(env: NodeJS.ProcessEnv): readonly string[] {
  const read = readProxies(env);
  return read.ok ? [] : read.faults;
}

/** The first of these settings that is set; the lower case first, as in curl and undici. */
function proxyIn(set: Settings, names: readonly string[]): ProxySetting | undefined {
  const name = names.find((each) => set[each] !== undefined);
  return name === undefined ? undefined : { name, url: set[name] ?? "" };
}

/** Refuses a user without a password, which would not be sent at all. */
function isProxyUrl(text: string): boolean {
  if (!isUrlOf(text, ["http:", "https:"])) return false;
  const { pathname, search, hash, username, password } = new URL(text);
  if (pathname + search + hash !== "/" || (username === "") !== (password === "")) return false;
  try {
    return decodeURIComponent(username + password) !== undefined;
  } catch (error) {
    if (error instanceof URIError) return false;
    throw error;
  }
}

function faultsOf(parsed: z.ZodSafeParseResult<unknown>): readonly string[] {
  return parsed.error?.issues.map(({ message }) => message) ?? [];
}

/** Says what is set instead, by its prefix only: the two tokens are easily swapped. */
function tokenFault(name: string, prefix: string, howTo: string, value: unknown): string {
  if (typeof value !== "string") return `${name} is missing: ${howTo}.`;
  const found = /^(?:xox[a-z]|xapp|xwfp)-/.exec(value)?.[0];
  const what =
    found === undefined || found === prefix ? "something else" : `a token that begins with ${found}`;
  return `${name} must be one token that begins with ${prefix} and has no spaces, but it holds ${what}: ${howTo}.`;
}

function isUrlOf(text: string, protocols: readonly string[]): boolean {
  return URL.canParse(text) && protocols.includes(new URL(text).protocol);
}

/** An address from the settings, with a `/` at its end so that paths can be appended. */
function apiUrl(fault: string): z.ZodType<string, string> {
  return z
    .string()
    .refine(isApiUrl, fault)
    .transform((url) => (url.endsWith("/") ? url : `${url}/`));
}

function isApiUrl(text: string): boolean {
  if (!isUrlOf(text, ["http:", "https:"])) return false;
  const { search, hash, username, password } = new URL(text);
  return search + hash + username + password === "";
}
