import type { SeenMessage } from "../../slack-simulator/seen.ts";
import type { CrashPoint } from "../../src/crash-point.ts";
import type { EventType } from "../../src/domain/audit-event.ts";
import { numberOf } from "../support/ask.ts";
import type { Run } from "../support/process.ts";
import { openStage, type Stage } from "./stage.ts";

/** An event of the story's first request, or of another one by its place, from 1; 0: of none. */
type Line = EventType | readonly [request: number, type: EventType];

export type Step = {
  /** Where the process dies. */
  readonly dies: CrashPoint;
  /** So many processes in a row die here; one unless said. */
  readonly times?: number;
  /** How much time passes besides before the process is started. */
  readonly laterSeconds?: number;
  /** What is done meanwhile, while no Hallpass runs. */
  readonly before?: (stage: Stage) => Promise<unknown>;
  /** What somebody does once Hallpass is ready, the deadly part last; it comes to it by itself unless said. */
  readonly does?: (stage: Stage) => Promise<unknown>;
  /** What is on record when it is dead and was not at the last death. */
  readonly audited?: readonly Line[];
  /** What may be on record then, and must be in the end. */
  readonly meanwhile?: readonly Line[];
  /** Whether the provider then holds the access; as at the last death unless said. */
  readonly holds?: boolean | "either";
};

/** What is said about a request, each once and in this order, named by some of its words. */
type Said = {
  readonly thread: readonly string[];
  /** To whoever asked; not looked at unless said. */
  readonly requester?: readonly string[];
  readonly alerts?: readonly string[];
  /** What the approval message offers in the end. */
  readonly buttons?: readonly string[];
};

/** A request's life, in which the process dies at one moment after another. */
export type Story = {
  readonly name: string;
  /** Whoever asks; alice unless said. */
  readonly requester?: string;
  readonly steps: readonly Step[];
  /** What is put right after the last death, before the process is started. */
  readonly before?: (stage: Stage) => Promise<unknown>;
  /** What is waited for in the end, besides that all is done that is due. */
  readonly until?: (stage: Stage) => Promise<unknown>;
  /** Whether whoever asks holds the access in the end; not unless said. */
  readonly keeps?: boolean;
  /** What is on record in the end and was not at the last death. */
  readonly audited?: readonly Line[];
  /** By request, in the order in which they were filed. */
  readonly said: readonly Said[];
};

/**
 * On a slow machine access that ends between two deaths is overdue at times. That and its end are said then, which only those
 * stories look at in which it is so on any machine.
 */
export const overdueWords = "may still have";
export const lateWords = "Gone now,";
const overdueEvent = "revocation.overdue";

/** A claim ends and a queue's lock is lost some seconds after a worker's death; so much passes before each start. */
const deadSeconds = 15;

/** Has the process die at each step of each story, and looks each time whether all is as it should be, and in the end. */
export function tellStories(stories: readonly Story[]): void {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage?.close());
  for (const [index, story] of stories.entries()) {
    const next = stories[index + 1]?.steps[0]?.dies;
    it(
      `${story.name}: dies at ${story.steps.map(named).join(", ")}`,
      () => play(stage, story, next),
      900_000,
    );
  }
}

function named({ dies, times = 1 }: Step): string {
  return times === 1 ? dies : `${dies} (${times} times)`;
}

async function play(stage: Stage, story: Story, next: CrashPoint | undefined): Promise<void> {
  try {
    const asker = story.requester ?? "alice";
    const since = await stage.lastEvent();
    const told = (): readonly SeenMessage[] => stage.slack.as(asker).directMessages();
    const alerts = (): readonly SeenMessage[] => stage.slack.channel("#access-alerts").messages();
    const before = {
      told: told().length,
      alerts: alerts().length,
      approvals: new Set(stage.approvals().map(({ ts }) => ts)),
    };
    const lines = story.steps.flatMap(({ audited = [] }) => audited);
    const record = createRecord();
    const audited = async (): Promise<Audited> => {
      const found = await stage.auditedSince(since);
      if (lines.includes(overdueEvent)) return found;
      return new Map(
        [...found].map(([request, types]) => [request, types.filter((type) => type !== overdueEvent)]),
      );
    };
    let holds: Step["holds"] = false;
    for (const [index, step] of story.steps.entries()) {
      for (let time = 0; time < (step.times ?? 1); time += 1) {
        // The first one died of it already, or runs since the story before this one ended.
        if (index > 0 || time > 0)
          await stage.letPass(deadSeconds + (time === 0 ? (step.laterSeconds ?? 0) : 0));
        if (time === 0) await step.before?.(stage);
        const run = await stage.dyingAt(step.dies);
        await deathOf(stage, run, step);
        if (time === 0) record.add(step.audited, step.meanwhile);
        record.check(await audited(), step.dies);
        holds = step.holds ?? holds;
        if (holds !== "either") expectHeld(await stage.guarded.rolesOf(asker), holds, step.dies);
      }
    }

    await stage.letPass(deadSeconds);
    await story.before?.(stage);
    const last = await stage.dyingAt(next);
    await last.ready(120_000);
    await stage.quiet();
    await story.until?.(stage);
    if (!last.isRunning()) throw new Error(`It died at “${next}” before the story came to it`);
    record.add(story.audited, []);
    record.checkEnd(await audited());
    expectHeld(await stage.guarded.rolesOf(asker), story.keeps === true, "the end");

    const posted = stage.approvals().filter(({ ts }) => !before.approvals.has(ts));
    const numbers = [...new Set(posted.map(numberOf))].toSorted((one, other) => one - other);
    expect(numbers).toHaveLength(story.said.length);
    for (const [index, said] of story.said.entries()) {
      const about = (messages: readonly SeenMessage[]): readonly SeenMessage[] =>
        messages.filter(
          (message) => /AR-\d+/.test(message.visibleText) && numberOf(message) === numbers[index],
        );
      const own = about(posted);
      expect(own).toHaveLength(1);
      expectSaid(
        own.flatMap((message) => stage.slack.thread(message)),
        said.thread,
      );
      expect(stage.slack.fresh(own.at(-1) ?? stage.latest()).buttons).toEqual(said.buttons ?? []);
      expectSaid(about(alerts().slice(before.alerts)), said.alerts ?? []);
      if (said.requester) expectSaid(about(told().slice(before.told)), said.requester);
    }
  } finally {
    await stage.clear();
  }
}

/** Does what the step says and waits for the death it brings. */
async function deathOf(stage: Stage, run: Run, { dies, does }: Step): Promise<void> {
  const acting = does ? run.ready(120_000).then(() => does(stage)) : Promise.resolve();
  // Whoever is in the midst of something when Hallpass dies is told so by an error.
  const acted = acting.then(
    () => undefined,
    (error: unknown) => error,
  );
  const fault = await Promise.race([run.ended.then(() => undefined), acted]);
  if (fault !== undefined && run.isRunning()) throw fault;
  const ending = await Promise.race([stage.died(run), tooLong()]);
  if (!ending)
    throw new Error(
      `It did not come to “${dies}”:\n${stage.slack.describe()}\n${run.output().slice(-4_000)}`,
    );
  if (ending.signal !== "SIGKILL")
    throw new Error(`It ended before “${dies}”, with ${ending.code ?? ending.signal}:\n${run.output()}`);
}

function tooLong(): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(resolve, 120_000, undefined).unref();
  });
}

type Audited = ReadonlyMap<number | undefined, readonly EventType[]>;

/** What is to be on record, by request: for certain, and perhaps. */
function createRecord(): {
  add(certain?: readonly Line[], perhaps?: readonly Line[]): void;
  check(audited: Audited, where: string): void;
  checkEnd(audited: Audited): void;
} {
  const certain = new Map<number, EventType[]>();
  const perhaps = new Map<number, EventType[]>();
  const note = (lines: Map<number, EventType[]>, line: Line): void => {
    const [request, type] = typeof line === "string" ? [1, line] : line;
    lines.set(request, [...(lines.get(request) ?? []), type]);
  };
  /** Whether a provider hears of a new end before or after the old one is a matter of moments; it is taken away all the same. */
  const byTheWay: EventType = "grant.landed_late";
  /** By the place of the request in the story. */
  const placed = (audited: Audited): ReadonlyMap<number, readonly EventType[]> => {
    const numbers = [...audited.keys()].filter((number) => number !== undefined).toSorted((a, b) => a - b);
    return new Map(
      [...audited].map(([number, types]) => [
        number === undefined ? 0 : numbers.indexOf(number) + 1,
        types.filter((type) => type !== byTheWay),
      ]),
    );
  };
  const all = (request: number): readonly EventType[] => [
    ...(certain.get(request) ?? []),
    ...(perhaps.get(request) ?? []),
  ];
  return {
    add(sure = [], maybe = []) {
      for (const line of sure) note(certain, line);
      for (const line of maybe) note(perhaps, line);
    },
    check(audited, where) {
      const found = placed(audited);
      for (const request of new Set([...found.keys(), ...certain.keys()])) {
        const types = found.get(request) ?? [];
        const least = certain.get(request) ?? [];
        const expected = all(request).slice(0, Math.max(least.length, types.length));
        expect({ where, request, types }).toEqual({ where, request, types: expected });
      }
    },
    checkEnd(audited) {
      const found = placed(audited);
      for (const request of new Set([...found.keys(), ...certain.keys(), ...perhaps.keys()]))
        expect({ where: "the end", request, types: found.get(request) ?? [] }).toEqual({
          where: "the end",
          request,
          types: all(request),
        });
    },
  };
}

function expectHeld(roles: readonly string[], holds: boolean, where: string): void {
  expect({ where, held: roles.length }).toEqual({ where, held: holds ? 1 : 0 });
}

/** Each said once and in this order, and nothing else. */
function expectSaid(messages: readonly SeenMessage[], words: readonly string[]): void {
  const texts = messages
    .map(({ visibleText }) => visibleText)
    .map((text) => words.find((each) => text.includes(each)) ?? text)
    .filter((text) => words.includes(text) || !(text.includes(overdueWords) || text.includes(lateWords)));
  expect(texts).toEqual(words);
}
