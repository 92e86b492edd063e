import { pino } from "pino";
import { createCourtesy } from "../../src/jobs/courtesy.ts";
import { createReceive } from "../../src/slack/receive.ts";

const log = pino({ level: "silent" });
const forEver = new Promise<void>(() => undefined);

/** Something delivered, and what became of it. */
function delivered() {
  const answers: unknown[] = [];
  let failures = 0;
  return {
    answers,
    failures: () => failures,
    event: { body: {}, ack: (answer?: unknown) => Promise.resolve(void answers.push(answer)) },
    onFailed: () => void (failures += 1),
  };
}

it("somebody waits until they are answered, however long a listener then goes on", async () => {
  const courtesy = createCourtesy();
  let goOn = (): void => undefined;
  const looking = new Promise<void>((resolve) => (goOn = resolve));
  const receive = createReceive(
    {
      async processEvent({ ack }) {
        await looking;
        await ack("Collecting the audit");
        await forEver;
      },
    },
    { attend: courtesy.attend, log },
  );
  const { event, answers, onFailed } = delivered();
  void receive(event, onFailed);
  expect(await courtesy.quiet(50)).toBe(false);
  goOn();
  expect(await courtesy.quiet(1_000)).toBe(true);
  expect(answers).toEqual(["Collecting the audit"]);
});

it("what no listener answers is acknowledged", async () => {
  const { event, answers, failures, onFailed } = delivered();
  const receive = createReceive(
    { processEvent: () => Promise.resolve() },
    { attend: createCourtesy().attend, log },
  );
  await receive(event, onFailed);
  expect(answers).toEqual([undefined]);
  expect(failures()).toBe(0);
});

it("a listener that fails before its answer is told of, one that fails after it is not, and nobody waits for either", async () => {
  const courtesy = createCourtesy();
  for (const isAnswered of [true, false]) {
    const { event, answers, failures, onFailed } = delivered();
    const receive = createReceive(
      {
        async processEvent({ ack }) {
          if (isAnswered) await ack();
          throw new Error("a bug");
        },
      },
      { attend: courtesy.attend, log },
    );
    await receive(event, onFailed);
    expect(answers).toHaveLength(isAnswered ? 1 : 0);
    expect(failures()).toBe(isAnswered ? 0 : 1);
  }
  expect(await courtesy.quiet(1_000)).toBe(true);
});
