import type { z } from "zod";
import type { CrashPoint } from "./crash-point.ts";
import {
  CrashSettings,
  GroupSettings,
  HttpSettings,
  isProxyUrl,
  type LogLevel,
  loopback,
  proxyFault,
  SlackGroupSettings,
  SlackSettings,
  StorageSettings,
  transportFault,
} from "./settings.ts";

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

export type SlackTransport =
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

/** Reads everything `hallpass start` needs, and reports all faults at once. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): ConfigResult<Config> {
  const set = withoutBlanks(env);
  const storage = StorageSettings.safeParse(set);
  const slack = SlackSettings.safeParse(set);
  const groups = GroupSettings.safeParse(set);
  const http = HttpSettings.safeParse(set);
  const crash = CrashSettings.safeParse(set);
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
  const storage = StorageSettings.safeParse(withoutBlanks(env));
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
  const groups = GroupSettings.safeParse(set);
  const slack = SlackGroupSettings.safeParse(set);
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

type Settings = Readonly<Record<string, string>>;

/** Drops blank values, which count as unset, and trims the line break after a pasted secret. */
function withoutBlanks(env: NodeJS.ProcessEnv): Settings {
  const trimmed = Object.entries(env).map(([name, value]) => [name, value?.trim() ?? ""] as const);
  return Object.fromEntries(trimmed.filter(([, value]) => value !== ""));
}

function storageOf(set: z.infer<typeof StorageSettings>): StorageConfig {
  return {
    database: { url: set.DATABASE_URL, dataDir: set.HALLPASS_DATA_DIR },
    redisUrl: set.REDIS_URL,
    policyPath: set.HALLPASS_CONFIG,
    auditKey: set.HALLPASS_AUDIT_KEY,
    logLevel: set.LOG_LEVEL,
  };
}

function groupsOf(set: z.infer<typeof GroupSettings>): GroupConfig {
  const { PAGERDUTY_API_TOKEN: pagerDuty, OPSGENIE_API_KEY: opsgenie } = set;
  return {
    pagerDuty: pagerDuty === undefined ? undefined : { token: pagerDuty, url: set.PAGERDUTY_API_URL },
    opsgenie: opsgenie === undefined ? undefined : { token: opsgenie, url: set.OPSGENIE_API_URL },
  };
}

/** Socket Mode wins where both are set: it works wherever Hallpass runs. */
function transportOf(set: z.infer<typeof SlackSettings>): SlackTransport | undefined {
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

function faultsOf(parsed: z.ZodSafeParseResult<unknown>): readonly string[] {
  return parsed.error?.issues.map(({ message }) => message) ?? [];
}
