import { bareWord, plainWord } from "../../domain/text.ts";
import type { Locked } from "../../persistence/requests/lockdowns.ts";
import { nearest, spelled } from "../../policy/language/nearest.ts";
import { everybodyNamed } from "../../policy/everybody.ts";
import { isEmail, normalEmail } from "../../policy/principal.ts";
import { statusOfAccount } from "../directory/identify.ts";
import type { SlackDeps } from "../deps.ts";

export type FoundTarget =
  /** `doubt`: what could not be checked about the person, in a sentence. */
  | { readonly ok: true; readonly locked: Locked; readonly doubt?: string }
  | { readonly ok: false; readonly why: string };

/** Resolves `@name`, an address or a resource's name. Refuses what matches nothing: a typing mistake must not look like a lockdown. */
export async function findTarget(deps: SlackDeps, written: string): Promise<FoundTarget> {
  const plain = plainWord(written);
  // Slack writes a mention as <@U0ALICE|alice>, and an address as <mailto:alice@example.com|alice@example.com>.
  const slackId = /^<@([A-Z0-9]+)(?:\|[^>]*)?>$/.exec(plain)?.[1];
  if (slackId !== undefined) return findMentioned(deps, slackId);
  const address = /^<mailto:([^|>]+)/.exec(plain)?.[1] ?? bareWord(plain);
  if (isEmail(address)) return findAddressed(deps, normalEmail(address));
  const { resources } = deps.policy();
  const target = spelled(bareWord(plain), resources.keys());
  if (resources.has(target)) return { ok: true, locked: { kind: "resource", value: target } };
  const near = nearest(target, [...resources.keys()]);
  return {
    ok: false,
    why: `Expected a person (@name or e-mail address) or a resource, got “${target}”.${suggest(near)}`,
  };
}

/** Finds a person by Slack account, even one that may not act or shows no address: it may have to be locked down too. */
async function findMentioned(deps: SlackDeps, slackId: string): Promise<FoundTarget> {
  const account = await deps.directory.account(slackId);
  const known = await deps.people.find(slackId);
  if (!account?.email) {
    if (known === undefined)
      return {
        ok: false,
        why: "Slack shows no e-mail address for this account, and it was never seen here.",
      };
    const [address = slackId] = await deps.people.addressesOf(known);
    return { ok: true, locked: { kind: "person", value: address, person: known } };
  }
  const { email, name } = account;
  // An account that may not act here is not linked to a person; its address is meant then.
  const isOurs = statusOfAccount(deps.workspace, account).is === "here";
  const person =
    known ?? (await deps.people.resolve({ email, name, ...(isOurs && { account: slackId }) })).id;
  return { ok: true, locked: { kind: "person", value: email, person } };
}

async function findAddressed(deps: SlackDeps, email: string): Promise<FoundTarget> {
  let doubt: string | undefined;
  try {
    const account = await deps.directory.accountByEmail(email);
    // The account that shows the address now is meant, even if it has never used this address here.
    if (account) return await findMentioned(deps, account.id);
  } catch {
    doubt = "Slack could not be asked whether it knows this address.";
  }
  const person = await deps.people.find(email);
  const named = everybodyNamed(deps.policy());
  if (person === undefined && doubt === undefined && !named.has(email))
    return {
      ok: false,
      why: `Neither Slack nor the policy knows ${email}; nobody was locked down.${suggest(nearest(email, [...named]))}`,
    };
  const known = person ?? (await deps.people.resolve({ email, name: "" })).id;
  return {
    ok: true,
    locked: { kind: "person", value: email, person: known },
    ...(doubt !== undefined && { doubt }),
  };
}

function suggest(near: string | undefined): string {
  return near === undefined ? "" : ` Did you mean ${near}?`;
}
