import { showHandover } from "../../src/access/requests/show-handover.ts";
import { runEffect } from "../../src/jobs/run-effect.ts";
import { type Office, openOffice } from "../support/access.ts";
import { alice } from "../support/build.ts";

let office: Office;
beforeEach(async () => {
  office = await openOffice();
});
afterEach(() => office?.close());

/** Each call is handed over another secret, and waits until it is let go. */
function handsOverOneByOne(): { readonly works: () => string; readonly letGo: (call: number) => void } {
  const { provider } = office;
  const waiting: (() => void)[] = [];
  let works = "";
  Object.assign(provider, {
    grant: async (subject: string, _target: unknown, _until: Date, state: object) => {
      works = `secret ${waiting.length + 1}`;
      const text = works;
      provider.held.add(subject);
      await new Promise<void>((resolve) => waiting.push(resolve));
      return { state, handover: { title: "a password", text } };
    },
  });
  return { works: () => works, letGo: (call) => waiting[call]?.() };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

it.each([
  { heard: "first", order: [0, 1] },
  { heard: "last", order: [1, 0] },
])(
  "of two workers what the provider gave last is shown, where the one without its claim is heard $heard",
  async ({ order }) => {
    const hands = handsOverOneByOne();
    const { request } = await office.approved();
    const effect = await office.db.effect.findFirstOrThrow({
      where: { requestId: request.id, kind: "grant" },
    });
    const runs = [runEffect(office.runner, effect.id)];
    await until(() => hands.works() === "secret 1");
    await office.db.effect.update({ where: { id: effect.id }, data: { lockedUntil: new Date(0) } });
    runs.push(runEffect(office.runner, effect.id));
    await until(() => hands.works() === "secret 2");
    for (const call of order) {
      hands.letGo(call);
      await runs[call]?.catch(() => undefined);
    }
    await office.drain();
    const [grant] = (await office.state(request.id)).grants;
    expect(grant?.status).toBe("active");
    const shown = await showHandover(office, { grantId: grant?.id ?? "", by: alice, key: "press" });
    expect(shown).toMatchObject({ shown: true, text: hands.works() });
  },
);
