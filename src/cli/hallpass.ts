#!/usr/bin/env node
import { Command, Option } from "commander";
import { readStorageConfig } from "../config.ts";
import { loadEnvFile } from "../env-file.ts";
import { CommandError, wordFailure } from "./failure.ts";
import type { AuditExportOptions } from "./audit/export.ts";
import type { ShowOptions, WhatOptions, WhoOptions } from "./audit/questions.ts";
import type { ReportOptions } from "./audit/report.ts";
import type { AuditRetainOptions } from "./audit/retain.ts";
import type { VerifyOptions } from "./audit/verify.ts";
import type { ForgetOptions } from "./audit/forget.ts";
import type { CheckOptions } from "./policy/check.ts";
import type { ExplainOptions } from "./policy/explain.ts";
import type { DriftOptions } from "./grants/drift.ts";
import type { GrantsOptions } from "./grants/list.ts";
import type { MigrateOptions } from "./migrate.ts";
import type { TestOptions } from "./policy/test.ts";
import type { StartOptions } from "./start.ts";
import { version } from "./version.ts";

/** Each command is loaded when it is called: `policy check` in an editor must not wait for Slack's libraries. */
function createProgram(): Command {
  const program = new Command("hallpass")
    .description(
      "Just-in-time access from Slack: asked, approved, granted for a limited time, revoked, on record.",
    )
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    // `policy explain --version` means a policy's version, not ours.
    .enablePositionalOptions()
    .hook("preAction", () => {
      const fault = loadEnvFile(".env");
      if (fault !== undefined) throw new CommandError(fault);
    });

  program
    .command("start")
    .description("run the bot until it is told to stop (SIGTERM or Ctrl-C)")
    .option("--watch", "read the policy again when its files change, not only on SIGHUP")
    .action(async (options: StartOptions) => finish((await import("./start.ts")).start(options)));

  program
    .command("migrate")
    .description(
      "bring the database to what this version needs (start does so itself where it may); stop every Hallpass first: an older " +
        "one fails on the migrated database",
    )
    .option("--grant-to <ROLE>", "let this role, which start connects as, do what it needs and no more")
    .action(async (options: MigrateOptions) =>
      finish((await import("./migrate.ts")).migrateCommand(options)),
    );

  const policy = program.command("policy").description("work on the policy").helpCommand(false);
  policy
    .command("check")
    .description("check a policy and print what is wrong with it, a line each")
    .argument("[FILE]", "a policy file or a folder of them (default: HALLPASS_CONFIG, or hallpass.yml)")
    .option("--json", "print faults and warnings as JSON: file, line, column, message")
    .addOption(new Option("--sarif", "print them as SARIF 2.1.0, for code scanning").conflicts("json"))
    .addOption(
      new Option(
        "--live",
        "also ask its providers whether they can do their work, whether it still leads to all access that lives, and whether its channels take messages",
      ).conflicts("sarif"),
    )
    .action(async (file: string | undefined, options: CheckOptions) =>
      finish((await import("./policy/check.ts")).policyCheck(file, options)),
    );

  policy
    .command("explain")
    .description(
      "say what a policy answers to a request, rule by rule, and who can approve; nothing is filed",
    )
    .argument("<RESOURCE:ROLE>", "what is asked for, such as orders-db:read")
    .requiredOption("--as <EMAIL>", "who asks")
    .option("--for <DURATION>", "for how long: 30m, 2h, 1h30m", "1h")
    .option(
      "--at <TIME>",
      'when, in the policy\'s time zone: "2026-11-21 03:00"; with Z or +01:00 in that one',
    )
    .option("--reason <TEXT>", "why", "policy explain")
    .option("--ticket <TICKET>", "the ticket given")
    .option("--ip <ADDRESS>", "asked by the API, from here")
    .option("--break-glass", "to be taken at once and reviewed afterwards")
    .option(
      "--group <NAME=EMAIL,EMAIL>",
      "who is in a group that is kept in Slack, PagerDuty or Opsgenie; may be repeated",
      repeated,
      [],
    )
    .option("--holds <RESOURCE:ROLE>", "what they hold already; may be repeated", repeated, [])
    .option(
      "--version <HASH>",
      "a policy that was in force, by 8 or more digits of its hash, from the database",
    )
    .option("--file <FILE>", "a policy file or a folder of them (default: HALLPASS_CONFIG, or hallpass.yml)")
    .action(async (access: string, options: ExplainOptions) =>
      finish((await import("./policy/explain.ts")).policyExplain(access, options)),
    );

  policy
    .command("test")
    .description("run what a policy's tests say it answers; a line for each that fails")
    .argument(
      "[FILE]",
      "a file of tests (default: hallpass.test.yml beside hallpass.yml; *.test.yml of a folder)",
    )
    .option("--file <FILE>", "the policy, a file or a folder (default: HALLPASS_CONFIG, or hallpass.yml)")
    .option("--json", "print all tests and the rules they exercise as JSON")
    .action(async (file: string | undefined, options: TestOptions) =>
      finish((await import("./policy/test.ts")).policyTest(file, options)),
    );

  policy
    .command("diff")
    .description("say what changes for whom from one policy to another, whatever the text")
    .argument("<OLD>", "a policy file or a folder of them")
    .argument("<NEW>", "the same")
    .action(async (before: string, after: string) =>
      finish((await import("./policy/diff.ts")).policyDiff(before, after)),
    );
  policy
    .command("schema")
    .description("print the JSON Schema of a policy file, for editors")
    .action(async () => finish((await import("./policy/schema.ts")).policySchema()));

  const grants = program.command("grants").description("look at access").helpCommand(false);
  grants
    .command("list")
    .description("print all access that is not proven gone, a line each")
    .option("--overdue", "only what should have ended")
    .option("--json", "as JSON")
    .action(async (options: GrantsOptions) => finish((await import("./grants/list.ts")).grantsList(options)));
  grants
    .command("drift")
    .description("print what providers hold and should not, or lack and should hold, a line each")
    .option("--json", "as JSON")
    .action(async (options: DriftOptions) =>
      finish((await import("./grants/drift.ts")).grantsDrift(options)),
    );

  const people = program.command("people").description("see and say who is who").helpCommand(false);
  people
    .command("show")
    .description("print the accounts and addresses that somebody goes by, and went by")
    .argument("<PERSON>", "an e-mail address, the id of a Slack account, or a person's number")
    .option("--json", "as JSON")
    .action(async (person: string, options: { readonly json?: boolean }) =>
      finish((await import("./people.ts")).peopleShow(person, options)),
    );
  people
    .command("join")
    .description("say that two people are one: they decide nothing about each other, and count once")
    .argument("<PERSON>", "an e-mail address, the id of a Slack account, or a person's number")
    .argument("<OTHER>", "the same")
    .action(async (one: string, other: string) =>
      finish((await import("./people.ts")).peopleJoin(one, other)),
    );
  people
    .command("split")
    .description("say that some of what a person goes by is somebody else's")
    .argument("<PERSON>", "an e-mail address, the id of a Slack account, or a person's number")
    .argument("<NAMES...>", "the other's accounts and addresses")
    .action(async (person: string, names: readonly string[]) =>
      finish((await import("./people.ts")).peopleSplit(person, names)),
    );

  const audit = program.command("audit").description("read the audit log").helpCommand(false);
  audit
    .command("export")
    .description("write audit events, oldest first")
    .option("--since <TIME>", "from this time on: 30d, 2026-03-01 or 2026-03-01T09:00Z")
    .option("--until <TIME>", "before this time; a day counts to its end")
    .option("--user <EMAIL>", "events this person asked for or acted in; person-7 for who was erased")
    .option("--resource <NAME>", "events of this resource")
    .option("--rule <NAME>", "events of requests that this rule matched")
    .option("--type <TYPE>", "events of this kind: request.approved, or request for all of those")
    .option("--format <FORMAT>", "csv, jsonl or json", "csv")
    .option("--output <FILE>", "a file, compressed where it ends in .gz, or - for standard output", "-")
    .option("--resume", "finish the file of an export that was interrupted, given as it was then")
    .option(
      "--sealed",
      "the hash chain as it is, place by place, personal values sealed: verify can name each row",
    )
    .option("--from <PLACE>", "with --sealed, from this place of the chain on")
    .option("--to <PLACE>", "with --sealed, to this place")
    .action(async (options: AuditExportOptions) =>
      finish((await import("./audit/export.ts")).auditExport(options)),
    );
  audit
    .command("who")
    .description("say who could at a moment or in a span of time, by which grant, and who let them")
    .argument("<RESOURCE[:ROLE]>", "a resource or one role of it, such as orders-db:write")
    .addOption(
      new Option(
        "--at <TIME>",
        "a moment or a day: 2026-03-03T09:00Z, 2026-03-03, 12h (default: now)",
      ).conflicts("between"),
    )
    .option("--between <TIMES...>", "a span: two times; a day counts to its end")
    .option("--json", "as JSON")
    .action(async (access: string, options: WhoOptions) =>
      finish((await import("./audit/questions.ts")).auditWho(access, options)),
    );
  audit
    .command("what")
    .description("say what a person asked for, got, was refused and decided")
    .argument("<PERSON>", "their e-mail address; person-7 for who was erased")
    .option("--between <TIMES...>", "a span: two times; a day counts to its end (default: ever)")
    .option("--json", "as JSON")
    .action(async (person: string, options: WhatOptions) =>
      finish((await import("./audit/questions.ts")).auditWhat(person, options)),
    );
  audit
    .command("show")
    .description("say the whole life of a request, event by event, with each event's place in the chain")
    .argument("<REQUEST>", "such as AR-1042")
    .option("--json", "as JSON")
    .action(async (request: string, options: ShowOptions) =>
      finish((await import("./audit/questions.ts")).auditShow(request, options)),
    );
  audit
    .command("report")
    .description("write what happened in a period for people and auditors to read: figures, charts, evidence")
    .requiredOption("--period <PERIOD>", "2026-Q3, 2026-03, 2026 or 2026-03-01..2026-03-31")
    .option("--format <FORMAT>", "html, pdf or csv; by the end of --output unless told, else html")
    .option("--output <FILE>", "a file, or - for standard output", "-")
    .action(async (options: ReportOptions) =>
      finish((await import("./audit/report.ts")).auditReport(options)),
    );
  audit
    .command("verify")
    .description("recompute the audit's hash chain and name what was changed, deleted, inserted or cut off")
    .option("--from <PLACE>", "from this place of the chain on")
    .option("--to <PLACE>", "to this place")
    .option("--checkpoint <FILE>", "a checkpoint that was published; may be repeated", repeated, [])
    .option(
      "--key <FILE>",
      "a public key it is signed with; may be repeated (default: this installation's own)",
      repeated,
      [],
    )
    .option("--archive <DIR>", "the directory with what was retired, which is verified too")
    .option("--export <FILE>", "a file that was exported, by the proof it ends with: needs no database")
    .action(async (options: VerifyOptions) =>
      finish((await import("./audit/verify.ts")).auditVerify(options)),
    );
  audit
    .command("retain")
    .description("archive and delete the oldest events, and leave a signed tombstone in their place")
    .requiredOption("--years <NUMBER>", "keep what is younger than so many years")
    .option("--archive <DIR>", "the directory to keep what goes in; without it nothing is kept")
    .option(
      "--ignore-sink <NAME>",
      "a sink that is gone for good and need not have had it; may be repeated",
      repeated,
      [],
    )
    .option("--dry-run", "say what would go, and change nothing")
    .action(async (options: AuditRetainOptions) =>
      finish((await import("./audit/retain.ts")).auditRetain(options)),
    );
  audit
    .command("key")
    .description("print the public key that the audit is signed with")
    .action(async () => finish((await import("./audit/key.ts")).auditKey()));
  audit
    .command("forget")
    .description("erase a person for good: destroy the key to what the audit says of them (docs/privacy.md)")
    .argument("<EMAIL>", "their address, or the Slack id of an account whose address was never seen")
    .option("--yes", "do not ask")
    .action(async (called: string, options: ForgetOptions) =>
      finish((await import("./audit/forget.ts")).auditForget(called, options)),
    );

  return program;
}

function repeated(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}

/** Sets the exit code instead of exiting, so that what is written to a pipe arrives. */
async function finish(exitCode: Promise<number>): Promise<void> {
  process.exitCode = await exitCode;
}

function wantsDetails(): boolean {
  const read = readStorageConfig();
  return read.ok && ["debug", "trace"].includes(read.config.logLevel);
}

try {
  await createProgram().parseAsync();
} catch (error) {
  process.stderr.write(wordFailure(error, wantsDetails()));
  // Exits even if a failed start left something open; writes to pipes are synchronous (nodejs.org/api/process).
  process.exit(1);
}
