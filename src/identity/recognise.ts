/** Who goes by an account or an address now. */
export type Holder = {
  readonly person: number;
  /** All accounts they go by may do nothing any more: their address may be somebody else's by now. */
  readonly isGone: boolean;
  /** They are locked down. */
  readonly isLocked: boolean;
};

/** What a person goes by. */
export type NameKind = "slack_id" | "email";

export type Recognition =
  /** Nobody goes by either. */
  | { readonly is: "new" }
  /** Somebody we know; `learns`: what they go by besides from now on. */
  | { readonly is: "known"; readonly person: number; readonly learns: readonly NameKind[] }
  /** The address was that of somebody who has left: it is this account's from now on, the history stays with them. */
  | { readonly is: "passed"; readonly from: number; readonly to: number | undefined }
  /** The account is one person's and the address another's: they are one. */
  | { readonly is: "joined"; readonly into: number; readonly from: number };

/** Who goes by the names of who calls, now. */
export type Found = {
  /** They came by an account, and not by an address alone. */
  readonly hasAccount: boolean;
  readonly account: { readonly person: number } | undefined;
  readonly address: Holder | undefined;
};

/**
 * Who an account with an address is: the same account or the same address is the same person. Where both are somebody's, those are
 * one person, for nobody must count twice by having two names; an operator can split them again. Only the address of who has left
 * passes to another account, and not while they are locked down: a new account must not be a way out.
 */
export function recognise({ hasAccount, account, address }: Found): Recognition {
  if (!address) return account ? { is: "known", person: account.person, learns: ["email"] } : { is: "new" };
  const { person } = address;
  if (account?.person === person || !hasAccount) return { is: "known", person, learns: [] };
  if (address.isGone && !address.isLocked) return { is: "passed", from: person, to: account?.person };
  if (!account) return { is: "known", person, learns: ["slack_id"] };
  return { is: "joined", into: Math.min(account.person, person), from: Math.max(account.person, person) };
}

/** An account or an address as they are compared. */
export type NameKey = { readonly kind: NameKind; readonly name: string };

/** Where letters only fold to the same, it is the same; better once too often. */
export function nameKey(name: string): NameKey {
  const trimmed = name.trim();
  return trimmed.includes("@")
    ? { kind: "email", name: trimmed.toLowerCase() }
    : { kind: "slack_id", name: trimmed };
}
