import { lookForDrift } from "../../src/access/drift/look-for-drift.ts";
import { type Office, openOffice } from "../support/access.ts";
import { hallpass } from "./run-hallpass.ts";

let office: Office;
beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office?.close());

const drift = (...args: readonly string[]) =>
  hallpass(["grants", "drift", ...args], { env: { DATABASE_URL: office.workUrl } });

const look = (): Promise<unknown> =>
  lookForDrift({
    ...office,
    tell: () => Promise.resolve(),
    onTrouble: () => undefined,
    signal: new AbortController().signal,
  });

test("nothing is said to be as it should be of what nobody has read", async () => {
  expect(await drift()).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Nobody has looked yet: /u),
  });
  const { behave } = office.provider;
  const { holders } = behave;
  behave.holders = () => Promise.reject(new Error("away\nsince noon"));
  await look();
  const unread = await drift();
  expect(unread.stdout).toMatch(/^unread: orders-postgres could not be read at \S+Z: .+\n$/u);
  expect(unread.stdout).not.toContain("Nothing was found");
  behave.holders = holders;
  office.clock.advance(24 * 60 * 60_000);
  await look();
  expect(await drift()).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /^Nothing was found .* when each provider was last read \(\S+Z or later\)\.\n$/u,
    ),
  });
});

test("lists what is not as it should be", async () => {
  office.clock.advance(24 * 60 * 60_000);
  const { request } = await office.approved(3600);
  await office.drain();
  office.provider.held.delete("alice");
  office.provider.held.add("erin\nbob");
  await look();
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
