import { lookForDrift } from "../../src/access/look-for-drift.ts";
import { type Office, openOffice } from "../support/access.ts";
import { hallpass } from "./run-hallpass.ts";

let office: Office;
beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office?.close());

const drift = (...args: readonly string[]) =>
  hallpass(["grants", "drift", ...args], { env: { DATABASE_URL: office.workUrl } });

test("says that there is nothing, and lists what is not as it should be", async () => {
  expect(await drift()).toMatchObject({
    code: 0,
    stdout: "Nothing was found that is not as it should be.\n",
  });
  const { request } = await office.approved(3600);
  await office.drain();
  office.provider.held.delete("alice");
  office.provider.held.add("erin\nbob");
  await lookForDrift({
    ...office,
    tell: () => Promise.resolve(),
    onTrouble: (_, error) => {
      throw error;
    },
    signal: new AbortController().signal,
  });
  const { stdout } = await drift();
  expect(stdout.trim().split("\n").toSorted()).toEqual([
    expect.stringMatching(/^unknown: erin bob in orders-postgres, ghost-db:any, since \S+Z, reported$/),
    expect.stringMatching(/^unknown: erin bob in orders-postgres, orders-db:read, since \S+Z, reported$/),
    expect.stringMatching(/^unknown: erin bob in orders-postgres, orders-db:write, since \S+Z, reported$/),
    expect.stringMatching(
      new RegExp(
        `^vanished: alice \\(alice@example\\.com\\) in orders-postgres, orders-db:read, AR-${request.number}, since \\S+Z, told$`,
      ),
    ),
  ]);
  expect(JSON.parse((await drift("--json")).stdout)).toContainEqual(
    expect.objectContaining({ kind: "vanished", number: request.number, people: ["alice@example.com"] }),
  );
});
