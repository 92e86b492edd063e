import { join } from "node:path";
import { hideSecrets } from "../../mask-password.ts";
import { SinkOptions } from "../../policy/language/sinks.ts";
import { MissingSecret, type Resolved, resolveSecrets } from "../../resolve-secrets.ts";
import { createElasticsearchSink } from "./elasticsearch.ts";
import { createGitSink } from "./git.ts";
import { createS3Sink } from "./s3.ts";
import type { Sink } from "./sink.ts";
import { createSplunkSink } from "./splunk.ts";
import { createStdoutSink } from "./stdout.ts";
import { createSyslogSink } from "./syslog.ts";
import { createWebhookSink } from "./webhook.ts";

/** A sink, and a function that redacts its secrets. */
export type MadeSink = { readonly sink: Sink; readonly redact: (text: string) => string };

export type SinkPlace = {
  readonly resolveSecret: (name: string) => string | undefined;
  /** The directory for what sinks keep on this machine. */
  readonly dataDir: string;
};

/** Creates the sink that an entry describes. Throws an `Error` that names it and what is missing or invalid. */
export function createSink(name: string, options: SinkOptions, place: SinkPlace): MadeSink {
  const { value, secrets } = resolved(name, options, place);
  const checked = SinkOptions.safeParse(value);
  if (!checked.success) {
    // Never quote the value: it may be a secret.
    const [issue] = checked.error.issues;
    throw new Error(`Sink "${name}", ${issue?.path.join(".")}: ${issue?.message}.`);
  }
  return {
    sink: open(name, checked.data, place.dataDir),
    redact: (text) => hideSecrets(text, secrets),
  };
}

function resolved(name: string, options: SinkOptions, { resolveSecret }: SinkPlace): Resolved {
  try {
    return resolveSecrets(options, resolveSecret);
  } catch (error) {
    if (!(error instanceof MissingSecret)) throw error;
    throw new Error(`Sink "${name}" needs the environment variable ${error.variable}, which is not set.`, {
      cause: error,
    });
  }
}

function open(name: string, options: SinkOptions, dataDir: string): Sink {
  switch (options.type) {
    case "stdout":
      return createStdoutSink();
    case "webhook":
      return createWebhookSink(options);
    case "git":
      return createGitSink({ ...options, directory: join(dataDir, "sinks", `${name}.git`) });
    case "syslog":
      return createSyslogSink(options);
    case "splunk":
      return createSplunkSink(options);
    case "elasticsearch":
      return createElasticsearchSink(options);
    case "s3":
      return createS3Sink(options);
  }
}
