/** The person an account or address belongs to now. */
export type Holder = {
  readonly person: number;
  /** None of their accounts may act any more, so their address may be somebody else's by now. */
  readonly isGone: boolean;
  readonly isLocked: boolean;
};

/** What identifies a person. */
export type NameKind = "account" | "email";

export type Recognition =
  /** Neither the account nor the address is known. */
  | { readonly is: "new" }
  /** A known person. `learns`: the kinds of name they get in addition. */
  | { readonly is: "known"; readonly person: number; readonly learns: readonly NameKind[] }
  /** The address belonged to somebody who has left: it moves to this account, and the history stays with the person who left. */
  | { readonly is: "passed"; readonly from: number; readonly to: number | undefined }
  /** The account and the address belong to different people: they are merged. */
  | { readonly is: "joined"; readonly into: number; readonly from: number };

/** Who the caller's account and address belong to now. */
export type Found = {
  /** The caller came with an account, not with an address alone. */
  readonly hasAccount: boolean;
  readonly account: { readonly person: number } | undefined;
  readonly address: Holder | undefined;
};

/**
 * Decides who an account with an address is: the same account or the same address means the same person. If they belong to two
 * people, those are merged, because nobody may count twice by having two names; an operator can split them again. Only the address
 * of somebody who has left passes to another account, and not while they are locked down: a new account must not be a way out.
 */
export function recognise({ hasAccount, account, address }: Found): Recognition {
  if (!address) return account ? { is: "known", person: account.person, learns: ["email"] } : { is: "new" };
  const { person } = address;
  if (account?.person === person || !hasAccount) return { is: "known", person, learns: [] };
  if (address.isGone && !address.isLocked) return { is: "passed", from: person, to: account?.person };
  if (!account) return { is: "known", person, learns: ["account"] };
  return { is: "joined", into: Math.min(account.person, person), from: Math.max(account.person, person) };
}

/** An account or address in the form used to compare it. */
export type NameKey = { readonly kind: NameKind; readonly name: string };

/** The key to compare an account or address by. Addresses are lower-cased: better to match once too often. */
export function nameKey(name: string): NameKey {
  const trimmed = name.trim();
  return trimmed.includes("@")
    ? { kind: "email", name: trimmed.toLowerCase() }
    : { kind: "account", name: trimmed };
}
