-- From when until when a request gave access (src/domain/held-period.ts), so that what somebody held is found without their grants.
alter table access_requests
  add column is_held boolean not null default false,
  add column held_since timestamptz(3),
  add column held_until timestamptz(3);

update access_requests r set is_held = h.until is null, held_since = h.since, held_until = h.until
from (
  select r.id, coalesce(min(g.active_at), r.closed_at, r.created_at) as since,
         case when count(g.id) > 0 and bool_and(g.status = 'revoked') then max(g.revoked_at) end as until
  from access_requests r
  left join grants g on g.request_id = r.id and not (g.status = 'revoked' and g.revoke_reason = 'failed')
  where r.status = 'approved' and r.terms -> 'extends' is null
    and (g.id is not null or not exists (select from grants where request_id = r.id))
  group by r.id) h
where h.id = r.id;

alter table access_requests add constraint access_requests_held check (
  case when is_held then held_since is not null and held_until is null else (held_since is null) = (held_until is null) end
);

-- A person's past is read from its end, however long it is. What is read besides is in the index: one page has some fifty of them,
-- which are spread over as many pages of the table.
create index access_requests_held_now on access_requests (requester_person, number) where is_held;
create index access_requests_held_before on access_requests (requester_person, held_until, number)
  include (id, resource, role, rule, held_since) where held_until is not null;
create index access_requests_denied on access_requests (requester_person, number)
  include (resource, role, closed_at) where status in ('denied', 'refused');

-- Whether somebody has asked for a resource before.
create index access_requests_requester_person_resource_idx on access_requests (requester_person, resource);

-- Who approves a resource is read of what people have approved, however much was allowed at once or refused.
create index access_requests_approved on access_requests (resource, created_at)
  where status = 'approved' and decisions @> '[{"verdict": "approve"}]';
drop index access_requests_resource_created_at_idx;
