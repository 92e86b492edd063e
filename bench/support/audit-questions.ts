import { lifeOfRequest } from "../../src/audit/questions/life-of-request.ts";
import { type ReadQuestion, readWhatQuestion, readWhoQuestion } from "../../src/audit/questions/questions.ts";
import { type AuditReader, withAuditReader } from "../../src/audit/questions/read-events.ts";
import { parsePeriod } from "../../src/audit/report/period.ts";
import { readFigures } from "../../src/audit/report/read-figures.ts";
import { whatDid } from "../../src/audit/questions/what-did.ts";
import { whoCould } from "../../src/audit/questions/who-could.ts";

const goal = { questionSeconds: 2, reportSeconds: 30 };
/** After the last event of a million. */
const now = new Date("2027-06-01T00:00:00Z");

/** Asks what auditors ask, of the audit that `fillAuditLog` made, and says how long each answer takes. */
export async function askAll(databaseUrl: string): Promise<void> {
  console.log(
    `\ngoal: a question answered within ${goal.questionSeconds} s, a quarter's figures within ${goal.reportSeconds} s`,
  );
  const ask = (
    name: string,
    answers: (reader: AuditReader) => AsyncIterable<unknown> | Promise<readonly unknown[]>,
  ) =>
    time(name, goal.questionSeconds, () =>
      withAuditReader({ databaseUrl }, async (reader) => {
        let count = 0;
        for await (const _ of await answers(reader)) count += 1;
        return `${count} answers`;
      }),
    );
  const who = (access: string, times: Parameters<typeof readWhoQuestion>[1], name: string) =>
    ask(`who ${access} ${name}`, (reader) => whoCould(reader, read(readWhoQuestion(access, times, now))));
  await who("orders-db-7:read", { at: "2026-02-03T09:00Z" }, "at a moment");
  await who("orders-db-7", { at: "2026-02-03" }, "on a day");
  await who("orders-db-7:read", { between: ["2026-01-01", "2026-03-31"] }, "in a quarter");
  await who("orders-db-7:read", {}, "now");
  await ask("what somebody ever did", (reader) =>
    whatDid(reader, read(readWhatQuestion("engineer.7@example.com", undefined, now))),
  );
  await ask("show a request", (reader) => lifeOfRequest(reader, 1_500));
  const parsed = parsePeriod("2026-Q1", "UTC");
  if (!parsed.ok) throw new Error(parsed.fault);
  const verification = {
    verified: 0,
    checkpoints: 0,
    unsealed: 0,
    oddIds: { count: 0, first: null },
    unbound: { people: 0, number: 0 },
    faults: [],
    tombstones: [],
    uncompared: 0,
  };
  await time("a quarter's figures", goal.reportSeconds, async () => {
    const figures = await readFigures({ databaseUrl }, { period: parsed.period, zoneNote: "", verification });
    return `${figures.counts["grant.active"] ?? 0} grants`;
  });
}

function read<T>(question: ReadQuestion<T>): T {
  if (!question.ok) throw new Error(question.fault);
  return question.question;
}

async function time(name: string, goalSeconds: number, work: () => Promise<string>): Promise<void> {
  const started = performance.now();
  const answer = await work();
  const seconds = (performance.now() - started) / 1_000;
  console.log(
    `${name.padEnd(36)} ${seconds.toFixed(2).padStart(7)} s  ${answer.padStart(12)}  goal ${seconds <= goalSeconds ? "met" : "NOT met"}`,
  );
}
