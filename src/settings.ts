// What each setting must look like, and what an operator is told if it does not. src/config.ts reads them.
import { z } from "zod";
import { crashPoints } from "./crash-point.ts";

export type LogLevel = z.infer<typeof LogLevel>;
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

export const transportFault =
  `SLACK_APP_TOKEN and SLACK_SIGNING_SECRET are both missing, and Hallpass needs one of them: for Socket Mode ` +
  `${appTokenHowTo} and set SLACK_APP_TOKEN; for HTTP copy the “Signing Secret” from Basic Information to ` +
  `SLACK_SIGNING_SECRET and let Slack reach POST /slack/events.`;

export const StorageSettings = z.object({
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

export const SlackSettings = z.object({
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

export const GroupSettings = z.object({
  PAGERDUTY_API_TOKEN: z.string().regex(keyPattern, pagerDutyTokenFault).optional(),
  PAGERDUTY_API_URL: apiUrl(pagerDutyUrlFault).default("https://api.pagerduty.com/"),
  OPSGENIE_API_KEY: z.string().regex(keyPattern, opsgenieKeyFault).optional(),
  OPSGENIE_API_URL: apiUrl(opsgenieUrlFault).default("https://api.opsgenie.com/"),
});

/** The Slack settings that reading the groups needs, too. */
export const SlackGroupSettings = SlackSettings.pick({ SLACK_BOT_TOKEN: true, SLACK_API_URL: true }).partial({
  SLACK_BOT_TOKEN: true,
});

export const proxyFault = (name: string): string =>
  `${name} must look like http://proxy.example.com:3128 or http://user:password@proxy.example.com:3128 (or https://…), with ` +
  "special characters in the user and password percent-encoded (@ is %40); other protocols, such as socks5, are not " +
  "supported. Leave it out to call without a proxy.";

export const loopback = "127.0.0.1";

export const HttpSettings = z.object({
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
    .transform(hostAndPort)
    .refine(({ port }) => port <= 65_535, opsPortFault)
    .default({ host: loopback, port: 9464 }),
});

/** Parses an address with a port, or a port on this machine alone. */
function hostAndPort(text: string): { readonly host: string; readonly port: number } {
  const [, host = loopback, port] = /^(?:\[?([^\]]*?)\]?:)?(\d+)$/.exec(text) ?? [];
  return { host, port: Number(port) };
}

const crashFault =
  "HALLPASS_CRASH_AT has Hallpass kill itself and is for its own tests, which set NODE_ENV to test; leave it out.";

export const CrashSettings = z
  .object({
    NODE_ENV: z.string().optional(),
    HALLPASS_CRASH_AT: z
      .enum(crashPoints, { error: () => `HALLPASS_CRASH_AT must name one of: ${crashPoints.join(", ")}.` })
      .optional(),
  })
  .refine(({ NODE_ENV: kind, HALLPASS_CRASH_AT: at }) => at === undefined || kind === "test", crashFault);

/** Refuses a user without a password, which would not be sent at all. */
export function isProxyUrl(text: string): boolean {
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
