import { ProviderError } from "../../src/providers/provider.ts";
import { type Office, type TestProvider } from "../support/access.ts";
import { addsNothingToWhatWasThere, openTwoNames, type TwoNames } from "../support/two-names.ts";

const hour = 3_600_000;

let office: Office;
let provider: TestProvider;
let approved: TwoNames["approved"];
let granted: TwoNames["granted"];
let grantOf: TwoNames["grantOf"];
beforeEach(async () => {
  ({ office, provider, approved, granted, grantOf } = await openTwoNames());
  addsNothingToWhatWasThere(provider);
});
afterEach(() => office?.close());

it("what is being taken away is asked about again soon, however late the provider wants it", async () => {
  const first = await granted("orders-db", 3600);
  provider.behave.revoke = () =>
    Promise.reject(
      new ProviderError("pending", { retryable: true, isPending: true, retryAfterSeconds: 1e6 }),
    );
  office.clock.advance(hour + 1000);
  await office.drain();
  const rows = await office.db.effect.findMany({ where: { kind: "revoke", requestId: first } });
  const { now } = await office.db.$queryRaw<{ now: Date }[]>`select now()`.then((r) => r[0]!);
  expect((rows.at(-1)?.retryAt?.getTime() ?? 0) - now.getTime() - hour).toBeLessThan(400_000);
});

it.each(["a\0b", "a\ud800b"])(
  "what a provider says that no record can hold is recorded all the same: %j",
  async (words) => {
    const first = await approved("orders-db", 3600);
    provider.behave.grant = () => Promise.reject(new ProviderError(words, { retryable: false }));
    for (let i = 0; i < 8; i++) {
      await office.drain();
      office.clock.advance(61_000);
    }
    const g = await grantOf(first);
    expect(g?.status).toBe("revoked");
  },
);
