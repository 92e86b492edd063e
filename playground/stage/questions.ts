import pg from "pg";
import type { ClockCard } from "../protocol.ts";

export type Facts = {
  /** Types of audit events so far with the actor's e-mail, oldest first. */
  readonly events: () => Promise<readonly { readonly type: string; readonly actorEmail: string | null }[]>;
  /** SELECTs on the orders tables by a person whose access Hallpass gave, in this data folder's life. */
  readonly queriesThatWorked: () => number;
  readonly clockWasMoved: () => boolean;
};

/** What the page asks of Hallpass's own database; it only reads. */
export type Questions = {
  readonly next: () => Promise<ClockCard["next"]>;
  readonly events: Facts["events"];
  readonly close: () => Promise<void>;
};

export function askHallpass(databaseUrl: string): Questions {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2, allowExitOnIdle: true });
  // An idle connection that is lost is replaced by the next question.
  pool.on("error", () => undefined);
  return {
    next: async () => {
      const { rows } = await pool.query<{
        at: Date;
        kind: "access" | "request";
        name: string;
        number: number;
      }>(
        `select g.expires_at as at, 'access' as kind, r.requester_name as name, r.number
           from grants g join access_requests r on r.id = g.request_id
          where g.status = 'active' and g.expires_at is not null
         union all
         select respond_by, 'request', requester_name, number from access_requests
          where status = 'pending' and respond_by is not null
         order by at limit 1`,
      );
      const [first] = rows;
      if (first === undefined) return null;
      const what = first.kind === "access" ? "ends" : "expires unanswered";
      const [firstName = first.name] = first.name.split(" ");
      return { at: first.at.getTime(), what: `${firstName}'s ${first.kind} (AR-${first.number}) ${what}` };
    },
    events: async () => {
      const { rows } = await pool.query<{ type: string; actorEmail: string | null }>(
        // Each event once, however many addresses its actor goes by.
        `select e.type, (select n.name from person_names n
                          where n.person_id = e.actor_person and n.kind = 'email' and n.until is null
                          order by n.since, n.name limit 1) as "actorEmail"
           from audit_events e order by e.seq`,
      );
      return rows;
    },
    close: () => pool.end(),
  };
}
