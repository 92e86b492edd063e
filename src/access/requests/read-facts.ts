import { type Authority, countedApprovals } from "../../domain/request/approvals.ts";
import type { AccessRequest } from "../../domain/request/request.ts";
import { later } from "../../domain/request/consequences.ts";
import type { AccountStatus } from "../../identity/account-status.ts";
import { readHistory } from "../../persistence/requests/history.ts";
import { readLockdowns } from "../../persistence/requests/lockdowns.ts";
import type { Ask, Facts } from "../../policy/decide/ask.ts";
import { evaluate, type Evaluation } from "../../policy/decide/evaluate.ts";
import { noHistory } from "../../policy/decide/history.ts";
import type { Lockdown } from "../../policy/lockdown.ts";
import type { Policy } from "../../policy/policy.ts";
import type { IdentityDeps, PolicyDeps } from "../deps.ts";

/** Facts, with how often the person had been given access by then if the policy depends on what they have. */
export type CountedFacts = Facts & {
  readonly lockdowns: readonly Lockdown[];
  readonly approvalsSeen: number | undefined;
};

type FactDeps = Pick<PolicyDeps, "db" | "clock" | "groups" | "lockdowns">;

/** Reads what the policy's answer to this person depends on, besides what they ask. What the policy does not look at is not read. */
export async function readFacts(
  deps: FactDeps,
  policy: Policy,
  person: { readonly id: number },
  options: {
    /** The request that is judged: what it gave must not count against it. */
    readonly requestId?: string | undefined;
    /** As the database has them now, instead of the cached ones. */
    readonly lockdowns?: Promise<readonly Lockdown[]>;
  } = {},
): Promise<CountedFacts> {
  const [memberships, past, lockdowns] = await Promise.all([
    deps.groups.read(policy.outsideGroups),
    policy.usesHistory ? readPast(deps, policy, person.id, options.requestId) : undefined,
    options.lockdowns ?? deps.lockdowns.read(),
  ]);
  return {
    memberships,
    history: past?.history ?? noHistory,
    lockdowns,
    approvalsSeen: past?.approvals,
  };
}

/** A request may be judged by a time slightly before this query. */
const marginSeconds = 60;

/** Reads no further back than the policy looks: mostly that is next to nothing, however long the history. */
function readPast(
  { db, clock }: Pick<FactDeps, "db" | "clock">,
  { looksBackSeconds }: Policy,
  person: number,
  exceptId: string | undefined,
): ReturnType<typeof readHistory> {
  const lately =
    looksBackSeconds === undefined ? undefined : { clock, seconds: looksBackSeconds + marginSeconds };
  return readHistory(db, person, { exceptId, lately });
}

/** What a filed request is judged by today. */
export type Today = {
  readonly facts: CountedFacts;
  /** The requester, with the addresses they have now. */
  readonly requester: Ask["requester"];
  readonly accountStatus: AccountStatus;
  /** The current status of those who have approved, by person. */
  readonly approvers: ReadonlyMap<number, AccountStatus>;
};

/**
 * Reads today's facts; the request and the access it extends do not count against it. `lockdowns`: from the database by default;
 * pass another source only if the write checks them again.
 */
export async function readToday(
  deps: FactDeps & IdentityDeps,
  policy: Policy,
  { id, requester, terms, decisions }: AccessRequest,
  lockdowns = (): Promise<readonly Lockdown[]> => readLockdowns(deps.db),
): Promise<Today> {
  const [accountStatus, own, approvers] = await Promise.all([
    accountStatusOf(deps, requester),
    deps.people.addressesOf(requester.id),
    Promise.all(
      countedApprovals(decisions).map(
        async (decision) => [decision.person, await accountStatusOf(deps, decision)] as const,
      ),
    ),
  ]);
  // Read last, because asking Slack may take seconds.
  const facts = await readFacts(deps, policy, requester, {
    requestId: terms.extends?.requestId ?? id,
    lockdowns: lockdowns(),
  });
  const { email } = accountStatus.is === "here" ? accountStatus.caller : requester;
  return {
    facts,
    requester: { id: requester.id, email, addresses: own },
    accountStatus,
    approvers: new Map(approvers),
  };
}

/** The current status of somebody identified earlier; somebody without a Slack account counts as here. */
export async function accountStatusOf(
  { lookUp }: Pick<IdentityDeps, "lookUp">,
  {
    email,
    name,
    account,
  }: { readonly email: string; readonly name: string; readonly account?: string | undefined },
): Promise<AccountStatus> {
  return account === undefined ? { is: "here", caller: { email, name } } : lookUp(account);
}

/** Evaluates a filed request again, by this policy and today's facts. */
export function evaluateAgain(
  policy: Policy,
  request: AccessRequest,
  { facts, requester }: Pick<Today, "facts" | "requester">,
  now: Date,
): Evaluation {
  const { resource, role, durationSeconds, reason, ticket, source, terms } = request;
  const isBreakGlass = terms.breakGlass !== undefined;
  const asked = { requester, resource, role, durationSeconds, reason, ticket, source, ip: terms.ip };
  return evaluate(policy, { ...asked, isBreakGlass, now }, facts);
}

/** Who may decide a request by this policy; `undefined` if the policy would not put it to people at all. */
export function authorityOver(
  policy: Policy,
  request: AccessRequest,
  today: Today,
  now: Date,
): Authority | undefined {
  const evaluation = evaluateAgain(policy, request, today, now);
  if (evaluation.verdict !== "review") return undefined;
  if (request.terms.extends && !evaluation.extend) return undefined;
  const { steps, escalate } = evaluation;
  const addresses = new Map(
    [...today.approvers].flatMap(([person, stands]) =>
      stands.is === "here" ? [[person, [stands.caller.email]] as const] : [],
    ),
  );
  if (!escalate || now < later(request.createdAt, escalate.afterSeconds)) return { steps, addresses };
  return {
    steps: steps.map(({ count, approvers }) => ({
      count,
      approvers: [...new Set([...approvers, ...escalate.approvers])],
    })),
    addresses,
  };
}
