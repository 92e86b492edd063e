import { knowNames, type Named } from "../../audit/questions/known-names.ts";
import { lifeOfRequest } from "../../audit/questions/life-of-request.ts";
import {
  type ReadQuestion,
  readRequestNumber,
  readWhatQuestion,
  readWhoQuestion,
  wordNobody,
  wordRetired,
} from "../../audit/questions/questions.ts";
import { type AuditReader, withAuditReader } from "../../audit/questions/read-events.ts";
import { wordUnbound } from "../../audit/chain/unbound.ts";
import { deedOf, whatDid } from "../../audit/questions/what-did.ts";
import { whoCould } from "../../audit/questions/who-could.ts";
import { wordLife, wordWhat, wordWho } from "../../audit/questions/word-answers.ts";
import { recordEvent } from "../../persistence/audit.ts";
import { createDatabaseClock } from "../../persistence/database/clock.ts";
import { openDatabase } from "../../persistence/database/database.ts";
import { systemCode } from "../../persistence/embedded/error.ts";
import { readNow } from "../../persistence/requests/requests.ts";
import { asOption, CommandError } from "../failure.ts";
import { readSettings } from "../settings.ts";
import { withDatabase } from "../storage.ts";
import { todaysPolicy } from "../policy/todays-policy.ts";
import { requestName } from "../../domain/request/request.ts";
import { onTerminalLine } from "../../domain/text.ts";

type Times = { readonly at?: string; readonly between?: readonly string[] };
export type WhoOptions = Times & { readonly json?: boolean };
export type WhatOptions = Pick<Times, "between"> & { readonly json?: boolean };
export type ShowOptions = { readonly json?: boolean };

/** `hallpass audit who`: lists who could have the access, by which grant, and who allowed it. Resolves with the exit code. */
export async function auditWho(access: string, { json = false, ...times }: WhoOptions): Promise<number> {
  const question = read(readWhoQuestion(access, times, new Date(), asOption));
  return answer(`who ${access} ${question.when}`, question.span.from, (reader) =>
    print(whoCould(reader, question), {
      json,
      word: wordWho,
      heading: `Who could ${access} ${question.when}:`,
      nothing: async () => wordNobody(question, (await known(reader, question)).title),
    }),
  );
}

/** `hallpass audit what`: what a person asked for, got, was refused and decided. Resolves with the exit code. */
export async function auditWhat(person: string, { json = false, between }: WhatOptions): Promise<number> {
  const question = read(readWhatQuestion(person, between, new Date(), asOption));
  const { person: user, when } = question;
  return answer(
    `what ${user} ${when}`,
    question.span?.from,
    (reader) =>
      print(whatDid(reader, question), {
        json,
        word: wordWhat,
        heading: `What ${user} asked for, got and decided (${when}):`,
        nothing: () => Promise.resolve(`The audit has nothing of ${user} (${when}).`),
      }),
    // Check the name before the question is recorded, because the record itself makes it a known one.
    async (reader) => void (await known(reader, { user })),
  );
}

/** `hallpass audit show`: the life of one request, event by event. Resolves with the exit code. */
export async function auditShow(request: string, { json = false }: ShowOptions): Promise<number> {
  const number = read(readRequestNumber(request));
  return answer(`show ${requestName({ number })}`, undefined, async (reader) => {
    const events = await lifeOfRequest(reader, number);
    if (events.length === 0) throw new CommandError(`There is no ${requestName({ number })} in the audit.`);
    if (json) {
      const told = events.map((logged) => {
        const { event: _, extension: __, ...rest } = logged;
        return { ...rest, text: deedOf(logged).text };
      });
      process.stdout.write(`${JSON.stringify(told, null, 2)}\n`);
      return;
    }
    const [first = "", ...lines] = wordLife(events);
    process.stdout.write(`${[first, ...lines.map((line) => `  ${line}`)].join("\n")}\n`);
  });
}

/** Throws if a name in the question never existed: otherwise finding nothing would look like an answer. */
async function known(
  reader: AuditReader,
  { resource, role, user }: Named,
): Promise<{ readonly title?: string }> {
  const knowledge = await knowNames(reader, { resource, role, user }, await todaysPolicy());
  if (!knowledge.known) throw new CommandError(onTerminalLine(knowledge.why));
  return knowledge;
}

function read<T>(question: ReadQuestion<T>): T {
  if (!question.ok) throw new CommandError(question.fault);
  return question.question;
}

/**
 * Records the question, then answers it. `from`: the start of the time asked about; `undefined` for all time. `insist`:
 * throws if something is wrong with the question, before it is recorded.
 */
async function answer(
  question: string,
  from: Date | undefined,
  work: (reader: AuditReader) => Promise<void>,
  insist?: (reader: AuditReader) => Promise<void>,
): Promise<number> {
  return withDatabase(readSettings(), { mustExist: true }, async (databaseUrl) => {
    if (insist) await withAuditReader({ databaseUrl }, insist);
    await recordQuestion(databaseUrl, question);
    try {
      await withAuditReader({ databaseUrl }, async (reader) => {
        const unknown = wordRetired(reader.retiredUntil, from);
        if (unknown !== undefined) process.stderr.write(`${unknown}\n`);
        await work(reader);
        for (const words of wordUnbound(reader.unbound())) process.stderr.write(`${words}\n`);
      });
    } catch (error) {
      // The reader has closed the pipe, as `| head` does.
      if (systemCode(error) !== "EPIPE") throw error;
    }
    return 0;
  });
}

async function recordQuestion(databaseUrl: string, question: string): Promise<void> {
  const database = openDatabase(databaseUrl, { poolSize: 1, applicationName: "hallpass audit questions" });
  try {
    await recordEvent(database.prisma, {
      type: "audit.asked",
      at: await readNow(database.prisma, createDatabaseClock()),
      actor: { kind: "hallpass" },
      data: { question, via: "cli" },
    });
  } finally {
    await database.close();
  }
}

type Printing<T> = {
  readonly json: boolean;
  readonly word: (answer: T) => readonly string[];
  readonly heading: string;
  /** The text for an empty result; may throw. */
  readonly nothing: () => Promise<string>;
};

/** Prints answers as they come: a paragraph each, or a JSON array. */
async function print<T>(
  answers: AsyncIterable<T>,
  { json, word, heading, nothing }: Printing<T>,
): Promise<void> {
  let count = 0;
  for await (const each of answers) {
    if (json) await write(`${count === 0 ? "[" : ","}\n${JSON.stringify(each)}`);
    else {
      const [first = "", ...lines] = word(each);
      const paragraph = [`\n${first}`, ...lines.map((line) => `  ${line}`)].join("\n");
      await write(`${count === 0 ? `${onTerminalLine(heading)}\n` : ""}${paragraph}\n`);
    }
    count += 1;
  }
  if (count > 0) {
    if (json) await write("\n]\n");
    return;
  }
  const none = await nothing();
  await write(json ? "[]\n" : `${onTerminalLine(none)}\n`);
}

/** Waits for the reader, so that a long answer does not pile up in memory. */
function write(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
