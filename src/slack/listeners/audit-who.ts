import { knowNames } from "../../audit/questions/known-names.ts";
import { parseWhoQuestion, wordNobody, wordRetired } from "../../audit/questions/questions.ts";
import { withAuditReader } from "../../audit/questions/read-events.ts";
import { wordUnbound } from "../../audit/chain/unbound.ts";
import { whoCould } from "../../audit/questions/who-could.ts";
import { wordWho } from "../../audit/questions/word-answers.ts";
import type { Person } from "../../domain/person.ts";
import { actorOf } from "../../domain/request/consequences.ts";
import { onTerminalLine, plainWord, shorten, storable } from "../../domain/text.ts";
import { recordEvent } from "../../persistence/audit.ts";
import { unescapeSlack } from "../command-text.ts";
import type { SlackDeps } from "../deps.ts";

/** An answer; if it has `lines`, the text is their heading. */
export type Said = { readonly text: string; readonly lines?: readonly string[] };

/** Nobody reads more lines in a chat. */
const mostAnswers = 20;
const longestLine = 600;

/**
 * Answers who could have what, listing the first twenty. The question is recorded first; the caller has checked that
 * the person may ask.
 */
export async function answerWho(
  deps: SlackDeps,
  person: Person,
  words: readonly string[],
  { now, key }: { readonly now: Date; readonly key: string },
): Promise<Said> {
  const read = parseWhoQuestion(
    words.map((word) => plainWord(unescapeSlack(word))),
    now,
  );
  if (!read.ok) return { text: read.fault };
  const { question } = read;
  const access = question.role === undefined ? question.resource : `${question.resource}:${question.role}`;
  const asked = `who ${access} ${question.when}`;
  await recordEvent(
    deps.db,
    {
      type: "audit.asked",
      at: now,
      actor: actorOf(person),
      data: { question: storable(asked), via: "slack" },
    },
    { dedupeKey: `audit ${key}` },
  );
  const lines: string[] = [];
  let count = 0;
  const asides: string[] = [];
  let nobody = "";
  await withAuditReader({ databaseUrl: deps.databaseUrl }, async (reader) => {
    const unknown = wordRetired(reader.retiredUntil, question.span.from);
    if (unknown !== undefined) asides.push(unknown);
    for await (const answer of whoCould(reader, question)) {
      count += 1;
      if (count <= mostAnswers) lines.push(shorten(`• ${wordWho(answer).join("; ")}\n`, longestLine));
    }
    asides.push(...wordUnbound(reader.unbound()));
    if (count > 0) return;
    const knowledge = await knowNames(reader, { resource: question.resource, role: question.role });
    nobody = knowledge.known ? wordNobody(question, knowledge.title) : knowledge.why;
  });
  if (count === 0) return { text: onTerminalLine(`${nobody}${asides.map((aside) => ` ${aside}`).join("")}`) };
  const more = count - lines.length;
  if (more > 0)
    lines.push(
      `${more} more. All of them: hallpass audit who; all events: /access-audit export resource ${question.resource}`,
    );
  lines.push(...asides);
  return { text: onTerminalLine(`Who could ${access} ${question.when}:`), lines };
}
