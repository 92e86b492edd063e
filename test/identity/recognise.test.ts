import { type Found, nameKey, recognise } from "../../src/identity/recognise.ts";

const one = { person: 1 };
const holder = (person: number, over: { isGone?: boolean; isLocked?: boolean } = {}) => ({
  person,
  isGone: false,
  isLocked: false,
  ...over,
});
const by = (account: Found["account"], address: Found["address"]) =>
  recognise({ hasAccount: true, account, address });

describe("who an account with an address is", () => {
  it("nobody we know is somebody new", () => {
    expect(by(undefined, undefined)).toEqual({ is: "new" });
  });

  it("the same account is the same person, who goes by the new address too", () => {
    expect(by(one, undefined)).toEqual({ is: "known", person: 1, learns: ["email"] });
    expect(by(one, holder(1))).toEqual({ is: "known", person: 1, learns: [] });
  });

  it("the same address is the same person, who goes by the other account too", () => {
    expect(by(undefined, holder(1))).toEqual({ is: "known", person: 1, learns: ["account"] });
  });

  it("an account of one with the address of another makes them one, by the number that is older", () => {
    expect(by(one, holder(2))).toEqual({ is: "joined", into: 1, from: 2 });
    expect(by({ person: 5 }, holder(2))).toEqual({ is: "joined", into: 2, from: 5 });
  });

  it("the address of who has left passes to whom it is given, and theirs stays theirs", () => {
    expect(by(undefined, holder(1, { isGone: true }))).toEqual({ is: "passed", from: 1, to: undefined });
    expect(by(one, holder(2, { isGone: true }))).toEqual({ is: "passed", from: 2, to: 1 });
  });

  it("nobody gets out of a lockdown by a new account", () => {
    const locked = holder(2, { isGone: true, isLocked: true });
    expect(by(undefined, locked)).toEqual({ is: "known", person: 2, learns: ["account"] });
    expect(by(one, locked)).toEqual({ is: "joined", into: 1, from: 2 });
  });

  it("whoever is named by an address alone is whoever goes by it, and takes it from nobody", () => {
    const address = holder(2, { isGone: true });
    expect(recognise({ hasAccount: false, account: undefined, address })).toEqual({
      is: "known",
      person: 2,
      learns: [],
    });
  });
});

it("addresses that differ in letter case are one, accounts are not", () => {
  expect(nameKey(" Alice@Example.COM")).toEqual({ kind: "email", name: "alice@example.com" });
  // The Kelvin sign is another letter than K, and better one too often.
  expect(nameKey("\u212Aim@example.com")).toEqual(nameKey("kim@example.com"));
  expect(nameKey("U0Alice")).toEqual({ kind: "account", name: "U0Alice" });
});
