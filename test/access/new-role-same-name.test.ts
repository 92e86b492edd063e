import { lookForDrift } from "../../src/access/drift/look-for-drift.ts";
import { type Office, type TestProvider } from "../support/access.ts";
import { addsNothingToWhatWasThere, openTwoNames, type TwoNames } from "../support/two-names.ts";

const hour = 3_600_000;

let office: Office;
let provider: TestProvider;
let granted: TwoNames["granted"];
let grantOf: TwoNames["grantOf"];
beforeEach(async () => {
  ({ office, provider, granted, grantOf } = await openTwoNames());
  addsNothingToWhatWasThere(provider);
});
afterEach(() => office?.close());

it("who has what goes by that name now has nothing that was given under it before", async () => {
  const first = await granted("orders-db", 3600);
  office.clock.advance(hour + 1000);
  await office.drain();
  expect((await grantOf(first))?.status).toBe("revoked");
  // The role was dropped, and a new one made under its name, which an administrator gives.
  provider.behave.targetIdOf = () => "another role";
  const byId = new Set(["alice"]);
  provider.behave.holders = () => Promise.resolve([...byId]);
  const troubles: unknown[] = [];
  const deps = {
    ...office,
    tell: () => Promise.resolve(),
    onTrouble: (_: string, e: unknown) => void troubles.push(e),
    signal: new AbortController().signal,
  };
  provider.calls.length = 0;
  for (let i = 0; i < 3; i++) {
    office.clock.advance(2 * hour);
    await lookForDrift(deps);
    await office.drain();
  }
  expect(provider.calls).toEqual([]);
});
