import type { Actor, AuditEvent, EventData } from "../../domain/audit-event.ts";

/** How a holding ended. */
export type HoldingEnd =
  | {
      readonly how: "revoked";
      readonly reason: string;
      /** The provider was read back, and the access is gone. */
      readonly verified: boolean;
      /** Another request whose live access gives the same. */
      readonly keptBy?: string;
      /** Left in place, because the person held it before. */
      readonly standing?: true;
      /** Who told it to end, if not Hallpass's clock. */
      readonly by?: Actor;
      readonly lateSeconds?: number;
    }
  /** Somebody took it away outside Hallpass, at the holding's end or earlier. */
  | { readonly how: "vanished" };

/** A period in which a grant gave access. A grant has several if access went away and came back. */
export type Holding = {
  /** The earliest moment at which it may have been there. */
  readonly mayFrom: Date;
  /** When it began; absent if no provider ever confirmed it. */
  readonly from?: Date;
  /** When it was found to be over, exclusive; absent while it lasts. */
  readonly to?: Date;
  readonly end?: HoldingEnd;
  /** When it was due to end, as last announced. */
  readonly expiresAt?: Date;
  /** The person had it before it was granted, in their own right. */
  readonly standing?: true;
  /** The requests that extended it. */
  readonly extendedBy: readonly string[];
};

/** A time span; its end is exclusive. */
export type Span = { readonly from: Date; readonly until: Date };

type Course = {
  /** Holdings that are over. */
  readonly closed: readonly Holding[];
  readonly open?: Holding;
  /** When it was last seen to be gone, or not to be given by this grant. */
  readonly goneAt?: Date;
  /** Who told it to end, while it has not ended yet. */
  readonly endedBy?: Actor;
};

/**
 * When a grant gave access, from its events in log order. If Hallpass did not see access come or go, it counts as held for as long
 * as it may have been: until it is proven gone, and perhaps since it was last proven gone.
 */
export function holdingsOf(events: readonly AuditEvent[]): readonly Holding[] {
  const { closed, open } = events.filter(isTurn).reduce(follow, { closed: [] });
  return open ? [...closed, open] : closed;
}

/** Events in which somebody gains or loses access, or in which it is extended or told to end. */
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
type Turn = AuditEvent<(typeof turns)[number]>;

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

/** It is there now; nobody saw since when. */
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
 * Whether a holding gave access at some moment of the span: `held`, or `perhaps` if it may have and nobody can say; `undefined` if
 * it did not.
 */
export function heldIn(
  { mayFrom, from, to }: Pick<Holding, "mayFrom" | "from" | "to">,
  span: Span,
): "held" | "perhaps" | undefined {
  if (mayFrom >= span.until || (to && to <= span.from)) return undefined;
  const isSure = from && from < span.until && (!to || from < to);
  return isSure ? "held" : "perhaps";
}
