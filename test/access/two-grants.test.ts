import { runEffect } from "../../src/jobs/run-effect.ts";
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

it.each(["orders-db", "same-db"])(
  "what one adds beside one that found it standing is never left behind: %s",
  async (other) => {
    provider.held.add("alice");
    const first = await granted("orders-db", 3 * 3600);
    expect((await grantOf(first))?.isStanding).toBe(true);
    let asks = 0;
    const second = await approved(other, 3600);
    // The first ask fails on the way, and what was theirs is taken away by an administrator meanwhile.
    const grant = provider.grant.bind(provider);
    Object.assign(provider, {
      grant: async (...args: Parameters<typeof grant>) => {
        asks += 1;
        if (asks === 1) {
          provider.held.delete("alice");
          throw new ProviderError("connection lost", { retryable: true });
        }
        return grant(...args);
      },
    });
    await office.drain();
    office.clock.advance(2_000);
    await office.drain();
    office.clock.advance(hour + 1000);
    await office.drain();
    office.clock.advance(3 * hour);
    await office.drain();
    expect(await grantOf(first)).toMatchObject({ status: "revoked" });
    expect(await grantOf(second)).toMatchObject({ status: "revoked" });
    expect(provider.held.size).toBe(0);
  },
);

it("what another provider's grant gave is no right of their own", async () => {
  const first = await granted("orders-db", 3600);
  const second = await approved("same-db", 3600);
  // While second looks, first ends.
  const prepare = provider.prepare.bind(provider);
  Object.assign(provider, {
    prepare: async (...args: Parameters<typeof prepare>) => {
      const prepared = await prepare(...args);
      Object.assign(provider, { prepare });
      office.clock.advance(hour + 1000);
      const [revoke] = await office.db.effect.findMany({
        where: { kind: "revoke", requestId: first, doneAt: null },
      });
      await runEffect(office.runner, revoke?.id ?? "");
      return prepared;
    },
  });
  await office.drain();
  expect(await grantOf(second)).toMatchObject({ status: "active", state: { existed: false } });
});

it("with one that found it standing still live, what was theirs gone, a new one is granted", async () => {
  provider.held.add("alice");
  await granted("orders-db", 3 * 3600);
  provider.held.delete("alice");
  const second = await granted("orders-db", 3600);
  expect(await grantOf(second)).toMatchObject({ status: "active" });
});
