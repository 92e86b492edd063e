import type { Actor, AuditEvent, EventData } from "../domain/audit-event.ts";

/** How a holding was over. */
export type HoldingEnd =
  | {
      readonly how: "revoked";
      readonly reason: string;
      /** Read back from the provider that it is gone. */
      readonly verified: boolean;
      /** Another request whose live access gives the same. */
      readonly keptBy?: string;
      /** Left in place: they held it before. */
      readonly standing?: true;
      /** Who told it to end, where it was not Hallpass's clock. */
      readonly by?: Actor;
      readonly lateSeconds?: number;
    }
  /** Somebody took it away outside Hallpass, at this time or earlier. */
  | { readonly how: "vanished" };

/** A stretch of time in which a grant gave access. One grant has several where access went away and came back. */
export type Holding = {
  /** The earliest moment at which it may have been there. */
  readonly mayFrom: Date;
  /** Since when it was there; absent where no provider ever confirmed it. */
  readonly from?: Date;
  /** When it was found to be over, exclusive; absent while it lasts. */
  readonly to?: Date;
  readonly end?: HoldingEnd;
  /** When it was to end, as it was told last. */
  readonly expiresAt?: Date;
  /** They had it before it was granted, by a right of their own. */
  readonly standing?: true;
  /** The requests by which it lasted longer. */
  readonly extendedBy: readonly string[];
};

/** A stretch of time, its end exclusive. */
export type Span = { readonly from: Date; readonly until: Date };

type Course = {
  /** What is over. */
  readonly closed: readonly Holding[];
  readonly open?: Holding;
  /** When it was seen last that it is not there, or not by this grant. */
  readonly goneAt?: Date;
  /** Who told it to end, and has not been obeyed yet. */
  readonly endedBy?: Actor;
};

/**
 * When a grant gave access, from its events in the order of the log. Where Hallpass did not see when access came or went, it
 * counts as held for as long as it may have been: until it is proven gone, and perhaps since it was proven gone last.
 */
export function holdingsOf(events: readonly AuditEvent[]): readonly Holding[] {
  const { closed, open } = events.filter(isTurn).reduce(follow, { closed: [] });
  return open ? [...closed, open] : closed;
}

/** Events by which somebody gains or loses access, or it is told to last longer or to end. */
const turns = [
  "grant.started",
  "grant.active",
  "grant.extended",
  "grant.revoking",
  "grant.vanished",
  "grant.came_back",
  "grant.reappeared",
  "grant.landed_late",
  "grant.revoked",
] as const satisfies readonly AuditEvent["type"][];
type Turn = Extract<AuditEvent, { readonly type: (typeof turns)[number] }>;

function isTurn(event: AuditEvent): event is Turn {
  return turns.some((type) => type === event.type);
}

function follow(course: Course, event: Turn): Course {
  const { closed, open, endedBy } = course;
  switch (event.type) {
    case "grant.started":
      return { closed, open: open ?? { mayFrom: event.at, extendedBy: [] } };
    case "grant.active": {
      const from = new Date(event.data.activeAt);
      const expiresAt = new Date(event.data.expiresAt);
      const standing = event.data.standing === true ? { standing: true as const } : {};
      return { closed, open: { mayFrom: from, from, expiresAt, ...standing, extendedBy: [] } };
    }
    case "grant.extended": {
      if (!open) return course;
      const extendedBy = [...open.extendedBy, event.data.by];
      return { ...course, open: { ...open, expiresAt: new Date(event.data.expiresAt), extendedBy } };
    }
    case "grant.revoking":
      return event.actor.kind === "person" ? { ...course, endedBy: event.actor } : course;
    case "grant.vanished":
      return { closed: [...closed, ...over(open, event.at, { how: "vanished" })], goneAt: event.at };
    case "grant.came_back":
    case "grant.reappeared":
    case "grant.landed_late":
      return { ...course, open: seenAgain(course, event.at) };
    case "grant.revoked":
      return { closed: [...closed, ...over(open, event.at, revoked(event.data, endedBy))], goneAt: event.at };
  }
}

/** It is there now; since when, nobody saw. */
function seenAgain({ closed, open, goneAt }: Course, at: Date): Holding {
  if (open) return { ...open, from: open.from ?? at };
  const last = closed.at(-1);
  const expiresAt = last?.expiresAt && { expiresAt: last.expiresAt };
  return { mayFrom: goneAt ?? at, from: at, ...expiresAt, extendedBy: last?.extendedBy ?? [] };
}

function over(open: Holding | undefined, to: Date, end: HoldingEnd): readonly Holding[] {
  return open ? [{ ...open, to, end }] : [];
}

function revoked(data: EventData<"grant.revoked">, by: Actor | undefined): HoldingEnd {
  const { reason, verified, keptBy, standing, lateSeconds } = data;
  return {
    how: "revoked",
    reason,
    verified,
    ...(keptBy === undefined ? {} : { keptBy }),
    ...(standing === true ? { standing } : {}),
    ...(by ? { by } : {}),
    ...(lateSeconds === undefined ? {} : { lateSeconds }),
  };
}

/**
 * Whether it gave access at some moment of the span: `held`, or `perhaps` where it may have been there and nobody can say;
 * `undefined` where it was not.
 */
export function heldIn(
  { mayFrom, from, to }: Pick<Holding, "mayFrom" | "from" | "to">,
  span: Span,
): "held" | "perhaps" | undefined {
  if (mayFrom >= span.until || (to && to <= span.from)) return undefined;
  const isSure = from && from < span.until && (!to || from < to);
  return isSure ? "held" : "perhaps";
}
