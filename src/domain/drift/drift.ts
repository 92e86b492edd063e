import type { Grant } from "../grant/grant.ts";

/** What is done about access that Hallpass did not grant. */
export const unknownHandlings = ["report", "adopt", "ignore", "remove"] as const;
export type UnknownHandling = (typeof unknownHandlings)[number];

/**
 * What has been done about a finding so far. `removing`: owed, not tried yet; `failing`: tried and failed; `spared`: kept although
 * the policy says to remove it, because somebody has to look at it first.
 */
export const findingOutcomes = [
  "reported",
  "adopted",
  "ignored",
  "removing",
  "failing",
  "spared",
  "removed",
] as const;
export type FindingOutcome = (typeof findingOutcomes)[number];

/** Access that no grant of ours gives, as stored from one look to the next. */
export type Finding = {
  readonly id: string;
  readonly subject: string;
  /** `standing`: accepted, and not reported again. */
  readonly kind: "unknown" | "standing";
  readonly outcome: FindingOutcome;
  readonly detail?: string;
  /** A removal was begun and its result is not recorded. */
  readonly removalBegun?: true;
  /** When it was seen to be gone. */
  readonly goneAt?: Date;
};

export type GrantInDrift = Pick<
  Grant,
  | "id"
  | "requestId"
  | "subject"
  | "status"
  | "askedAt"
  | "ids"
  | "state"
  | "expiresAt"
  | "revokedAt"
  | "isStanding"
  | "isLeft"
  | "vanishedAt"
>;

/** A holder of the target, as the provider lists them. */
export type Holding = {
  readonly subject: string;
  readonly subjectId: string;
  readonly targetId: string;
  /** Whether the account that Hallpass uses there gave it; absent if that cannot be told. */
  readonly isOurs?: boolean;
};

/** One target of one provider: who has it, who should, and what is known from earlier looks. */
export type Compared = {
  readonly holders: readonly Holding[];
  /** All grants that are not proven gone, and each subject's last ended one. */
  readonly grants: readonly GrantInDrift[];
  /** Subjects with the same access through a grant in another provider, which may be this system under another name. */
  readonly elsewhere: ReadonlySet<string>;
  readonly remembered: readonly Finding[];
  readonly handling: UnknownHandling;
  readonly now: Date;
};

/** A difference between a provider and what should be there, or the end of one. */
export type Drift =
  /** Access that was proven gone is there again, and must be revoked. */
  | { readonly kind: "reappeared"; readonly subject: string; readonly grant: GrantInDrift }
  /** Somebody took away what a live grant gives. */
  | { readonly kind: "vanished"; readonly subject: string; readonly grant: GrantInDrift }
  /** Vanished access is there again before its end. */
  | { readonly kind: "came_back"; readonly subject: string; readonly grant: GrantInDrift }
  /** Hallpass did not grant it. `finding`: as stored, if it was seen before. */
  | {
      readonly kind: "unknown";
      readonly subject: string;
      readonly finding?: Finding;
      readonly handling: UnknownHandling;
    }
  /** Hallpass did not grant it, and would remove it were it not for `why`. */
  | { readonly kind: "spared"; readonly subject: string; readonly finding?: Finding; readonly why: string }
  /** Held since before a grant that has ended. */
  | { readonly kind: "standing"; readonly subject: string }
  /** A stored finding is not there any more. */
  | { readonly kind: "gone"; readonly subject: string; readonly finding: Finding };

/** More unknown holders than this at once are probably not drift but, say, the address of another server; none is removed. */
export const mostRemovedAtOnce = 10;

/**
 * Compares one target with what should be there. Skips a subject whose grant is being made or ended: that is not drift, and the
 * next look finds what is left of it.
 */
export function compare(looked: Compared): readonly Drift[] {
  const compared = { ...looked, grants: calledAsNow(looked) };
  const { holders, grants, remembered } = compared;
  const subjects = new Set([
    ...holders.map(({ subject }) => subject),
    ...grants.filter(({ status }) => status === "active").map(({ subject }) => subject),
    ...remembered.filter(isOpen).map(({ subject }) => subject),
  ]);
  const drifts = [...subjects].toSorted().flatMap((subject) => compareOne(compared, subject));
  const removed = drifts.filter((drift) => drift.kind === "unknown" && drift.handling === "remove");
  if (removed.length <= mostRemovedAtOnce) return drifts;
  const why = `more than ${mostRemovedAtOnce} hold it at once that Hallpass does not know`;
  return drifts.flatMap((drift) =>
    drift.kind === "unknown" && drift.handling === "remove" ? spare(drift, why) : [drift],
  );
}

/**
 * Renames grants to their subjects' current names, by id: a renamed subject is the same one, somebody who took over the old name is
 * not.
 */
function calledAsNow({ holders, grants }: Compared): readonly GrantInDrift[] {
  const byId = new Map(holders.map(({ subject, subjectId }) => [subjectId, subject]));
  const names = new Set(byId.values());
  return grants.map((grant) => {
    if (!grant.ids) return grant;
    const { subjectId } = grant.ids;
    const now = byId.get(subjectId);
    if (now !== undefined) return { ...grant, subject: now };
    return names.has(grant.subject) ? { ...grant, subject: `${grant.subject} (${subjectId})` } : grant;
  });
}

function compareOne(compared: Compared, subject: string): readonly Drift[] {
  const own = compared.grants.filter((grant) => grant.subject === subject);
  const isUnsettled = ({ status, expiresAt }: GrantInDrift): boolean =>
    status === "granting" ||
    status === "revoking" ||
    (status === "active" && expiresAt !== undefined && expiresAt <= compared.now);
  if (own.some(isUnsettled)) return [];

  const finding = compared.remembered.find((known) => known.subject === subject && isOpen(known));
  const holding = compared.holders.find((holder) => holder.subject === subject);
  const isHeld = holding !== undefined;
  const gone: readonly Drift[] = finding && !isHeld ? [{ kind: "gone", subject, finding }] : [];
  // The target's name may belong to another target today, so compare ids.
  const isOfThis = ({ ids }: GrantInDrift): boolean => !holding || !ids || ids.targetId === holding.targetId;
  const live = own.filter((grant) => grant.status === "active" && isOfThis(grant));
  if (live.length > 0) {
    const changed = live.filter(({ vanishedAt }) => (vanishedAt === undefined) !== isHeld);
    const kind = isHeld ? "came_back" : "vanished";
    return [...gone, ...changed.map((grant): Drift => ({ kind, subject, grant }))];
  }
  if (!isHeld) return gone;

  const ended = own
    .filter((grant) => grant.askedAt !== undefined && isOfThis(grant))
    .toSorted((a, b) => timeOf(b.revokedAt) - timeOf(a.revokedAt))[0];
  // What others gave is not ours to take, whatever we had given.
  const isOthers = ended?.isLeft === true || holding.isOurs === false;
  if (ended && ended.isStanding !== true && !isOthers) return [{ kind: "reappeared", subject, grant: ended }];
  if (finding) return finding.kind === "standing" ? [] : handle(compared, { subject, finding });
  if (ended?.isStanding === true && !wasGoneSince(compared, subject, ended))
    return [{ kind: "standing", subject }];
  return handle(compared, { subject });
}

type Unknown = { readonly subject: string; readonly finding?: Finding };

function handle(compared: Compared, unknown: Unknown): readonly Drift[] {
  const { handling } = compared;
  const outcome = unknown.finding?.outcome;
  if ((handling === "report" && outcome === "reported") || (handling === "ignore" && outcome === "ignored"))
    return [];
  const doubt = handling === "remove" ? doubtAbout(compared, unknown.subject) : undefined;
  return doubt === undefined ? [{ kind: "unknown", ...unknown, handling }] : spare(unknown, doubt);
}

/** Why this may be somebody's approved access after all. */
function doubtAbout({ grants, elsewhere }: Compared, subject: string): string | undefined {
  if (elsewhere.has(subject)) return "a grant in another provider gives the same, and both may be one system";
  const isAlike = grants.some(
    (grant) => grant.status !== "revoked" && folded(grant.subject) === folded(subject),
  );
  return isAlike ? "a live grant is for a name that differs only in upper and lower case" : undefined;
}

function folded(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}

function spare({ subject, finding }: Unknown, why: string): readonly Drift[] {
  if (finding?.outcome === "spared" && finding.detail === why) return [];
  return [{ kind: "spared", subject, ...(finding && { finding }), why }];
}

/** Whether access held before a grant is not the person's own any more, because it was seen to be gone since. */
function wasGoneSince({ remembered }: Compared, subject: string, ended: GrantInDrift): boolean {
  return remembered.some(
    (known) => known.subject === subject && timeOf(known.goneAt) > timeOf(ended.revokedAt),
  );
}

function isOpen({ goneAt }: Finding): boolean {
  return goneAt === undefined;
}

function timeOf(date: Date | undefined): number {
  return date?.getTime() ?? 0;
}
