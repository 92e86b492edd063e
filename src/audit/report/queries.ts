import { termKey } from "../../persistence/requests/term-key.ts";

/**
 * The queries behind the report, which can also be run by hand. `$1` and `$2` are the start of the period and the instant after its
 * end; `$3`, if there is one, is the time zone whose calendar defines weeks, or in `drift` the types of events.
 */
const inPeriod = "e.at >= $1 and e.at < $2";
const week = "to_char(date_trunc('week', e.at at time zone $3), 'YYYY-MM-DD')";
const risk = `coalesce(r.terms ->> ${termKey("risk")}, 'unknown')`;
/** Events written before they carried the number take it from the request's row. */
const request = "'AR-' || coalesce(e.request_number, r.number)";

const isTaken =
  "exists (select from audit_events b where b.request_id = e.request_id and b.type = 'break_glass.used')";

/** Break-glass approves nothing, though older versions logged it as the requester's approval. */
const isNoApproval = `e.type = 'request.approved' and e.actor_kind = 'person' and ${isTaken}`;

export const byWeekAndType = `
  select ${week} as week, e.type, count(*)::int as count
  from audit_events e where ${inPeriod} and not (${isNoApproval}) group by 1, 2`;

/** Access that the person held before it was granted was not given by us. */
const givenAccess = `
  from audit_events e join access_requests r on r.id = e.request_id
  where ${inPeriod} and e.type = 'grant.active' and e.data ->> 'standing' is distinct from 'true'`;

export const accessByWeek = `select ${week} as key, ${risk} as risk, count(*)::int as count ${givenAccess} group by 1, 2`;

export const accessByResource = `
  select e.resource as key, ${risk} as risk, count(*)::int as count, count(*) over ()::int as total
  ${givenAccess} group by 1, 2 order by sum(count(*)) over (partition by e.resource) desc, 1, 2 limit 100`;

export const resourceCount = `select count(distinct e.resource)::int as total ${givenAccess}`;

export const accessByPerson = `
  select e.requester_email as person, count(*)::int as grants, count(distinct e.resource)::int as resources,
         count(*) over ()::int as total
  ${givenAccess} group by e.requester_email, e.requester_person order by 2 desc, e.requester_person limit 20`;

/** Approvals by people; those of an allow rule waited for nobody. */
export const approvals = (bucketEnds: readonly number[]): string => `
  with approved as (
    select e.actor_kind,
           extract(epoch from e.at - (select min(c.at) from audit_events c
             where c.request_id = e.request_id and c.type = 'request.created'))::float8 as seconds
    from audit_events e where ${inPeriod} and e.type = 'request.approved' and not (${isNoApproval})),
  waits as (select seconds from approved where actor_kind = 'person')
  select (select count(*) from approved where actor_kind = 'policy')::int as by_rule,
         count(*)::int as by_people,
         percentile_cont(array[0.5, 0.95]) within group (order by seconds) as percentiles,
         array[${bucketEnds.map((end) => `count(*) filter (where seconds < ${end})`).join(", ")}]::int[] as below
  from waits`;

export const byRule = `
  select e.rule,
         count(*) filter (where e.type in ('request.created', 'request.refused'))::int as filed,
         count(*) filter (where e.type = 'break_glass.used')::int as taken,
         ${["approved", "denied", "refused", "expired", "cancelled"]
           .map((what) => `count(*) filter (where e.type = 'request.${what}')::int as ${what}`)
           .join(", ")},
         count(*) over ()::int as total, count(e.rule) over ()::int as named
  from audit_events e
  where ${inPeriod} and e.type in ('request.created', 'request.refused', 'request.approved', 'request.denied',
    'request.expired', 'request.cancelled', 'break_glass.used') and not (${isNoApproval})
  group by e.rule order by 2 desc, e.rule nulls last limit 15`;

/** Access that reappeared ends once more; it was not held in between. */
export const ends = `
  select e.data ->> 'reason' as reason, count(*)::int as count,
         count(*) filter (where e.data ->> 'verified' = 'true')::int as verified,
         count(*) filter (where e.data ? 'keptBy' or e.data ->> 'standing' = 'true')::int as kept,
         count(*) filter (where e.data ? 'lateSeconds')::int as late,
         coalesce(sum(extract(epoch from e.at - a.at)) filter (where e.data ->> 'standing' is distinct from 'true') / 3600, 0)::float8 as hours
  from audit_events e
  left join lateral (select max(a.seq) as seq from audit_events a
    where a.request_id = e.request_id and a.grant_id = e.grant_id and a.type = 'grant.revoked' and a.seq < e.seq) before on true
  left join lateral (select min(a.at) as at from audit_events a
    where a.request_id = e.request_id and a.grant_id = e.grant_id and a.seq < e.seq and a.seq > coalesce(before.seq, 0)
      and a.type in ('grant.active', 'grant.reappeared', 'grant.landed_late')) a on true
  where ${inPeriod} and e.type = 'grant.revoked' group by 1 order by 2 desc, 1`;

export const standing = `
  select count(*) filter (where e.data ->> 'standing' = 'true')::int as held,
         count(*) filter (where e.data ->> 'standing' is distinct from 'true')::int as given
  from audit_events e where ${inPeriod} and e.type = 'grant.active'`;

/** Reviews count whenever they came: a use at the end of the period is reviewed after it. */
export const breakGlass = `
  select e.at, ${request} as request, e.requester_email as requester, e.resource || ':' || e.role as access, ${risk} as risk,
         v.data ->> 'verdict' as verdict, v.actor_email as reviewer, v.data ->> 'note' as note,
         exists (select from audit_events o where o.request_id = e.request_id and o.type = 'break_glass.overdue') as "wasOverdue",
         count(*) over ()::int as total
  from audit_events e left join access_requests r on r.id = e.request_id
  left join lateral (select * from audit_events v where v.request_id = e.request_id and v.type = 'break_glass.reviewed'
    order by v.seq desc limit 1) v on true
  where ${inPeriod} and e.type = 'break_glass.used' order by e.seq limit 50`;

/** One row per due end: access that reappeared may be late again. */
export const overdue = `
  select late.*, 'AR-' || coalesce(late.request_number, r.number) as request, gone.at as "goneAt", count(*) over ()::int as total
  from (select e.request_id, e.grant_id, min(e.request_number) as request_number, min(e.requester_email) as requester, min(e.data ->> 'access') as access,
               min(e.data ->> 'provider') as provider, max((e.data ->> 'lateSeconds')::float8) as "lateSeconds",
               max(e.seq) as seq
        from audit_events e where ${inPeriod} and e.type = 'revocation.overdue' group by 1, 2, e.data ->> 'since') late
  left join lateral (select min(g.at) as at from audit_events g
    where g.request_id = late.request_id and g.grant_id = late.grant_id and g.type = 'grant.revoked' and g.seq > late.seq) gone on true
  left join access_requests r on r.id = late.request_id
  order by gone.at is not null, late."lateSeconds" desc limit 50`;

export const refusedClicks = `
  select e.data ->> 'why' as why, count(*)::int as count
  from audit_events e where ${inPeriod} and e.type = 'decision.refused' group by 1 order by 2 desc, 1 limit 50`;

/** Matched by who tried it on whose request: the message they got is worded for people, and its wording may change. */
export const ownRequests = `
  select e.at, coalesce(${request}, '') as request, coalesce(e.actor_email, e.actor_slack_id, '') as person,
         e.data ->> 'attempted' as attempted, count(*) over ()::int as total
  from audit_events e left join access_requests r on r.id = e.request_id
  where ${inPeriod} and e.type = 'decision.refused' and e.data ->> 'attempted' in ('approve', 'deny', 'review')
    and coalesce(e.actor_person = e.requester_person, lower(e.actor_email) = lower(e.requester_email)) order by e.seq limit 50`;

const flagged = `
  from audit_events e
  cross join lateral jsonb_array_elements(case jsonb_typeof(e.data -> 'flags') when 'array' then e.data -> 'flags' else '[]' end) f
  left join access_requests r on r.id = e.request_id
  where ${inPeriod} and e.type in ('request.flagged', 'approval.flagged')`;

export const flagKinds = `select f ->> 'kind' as kind, count(*)::int as count ${flagged} group by 1 order by 2 desc, 1 limit 50`;

export const flags = `
  select e.at, coalesce(${request}, '') as request,
         coalesce(case e.type when 'approval.flagged' then e.actor_email end, e.requester_email, '') as person,
         f ->> 'kind' as kind, coalesce(f ->> 'why', '') as why, count(*) over ()::int as total
  ${flagged} order by e.seq limit 50`;

export const drift = `
  select e.data ->> 'provider' as provider, e.type, count(*)::int as count
  from audit_events e where ${inPeriod} and e.type = any ($3) group by 1, 2 order by 1, 2`;

export const driftFindings = `
  select e.at, e.data ->> 'provider' as provider, e.data ->> 'subject' as subject, e.data ->> 'outcome' as outcome,
         coalesce((select string_agg(a, ', ') from jsonb_array_elements_text(e.data -> 'access') a), '') as access,
         count(*) over ()::int as total
  from audit_events e where ${inPeriod} and e.type = 'drift.found' order by e.seq limit 50`;

export const chainPlaces = `
  select min(c.sequence)::float8 as first, max(c.sequence)::float8 as last,
         count(*) filter (where c.sequence is null)::int as unsealed
  from audit_events e left join audit_chain c on c.event_seq = e.seq where ${inPeriod}`;
