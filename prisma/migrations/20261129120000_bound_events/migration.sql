-- By which number people know the request an event is of, so that the chain binds it.
alter table audit_events add column request_number integer;

-- Which request a number is of, by the event that it was filed with.
create index audit_events_filed_number on audit_events (request_number)
  where type in ('request.created', 'request.refused');

-- Whoever has no key was erased by one of these, and each policy came into force by one.
create index audit_events_erased on audit_events (seq) where type = 'person.erased';
create index audit_events_policies on audit_events (seq) where type = 'policy.loaded';

-- Tokens carry the mark of what they stand for (src/persistence/personal-token.ts), and events of requests their number: what
-- lacks them was written before this, and nothing after it. A process of an older version that still runs is refused.
alter table audit_events add constraint audit_events_bound check (
  (request_id is null or request_number is not null)
  and coalesce(actor_email, '') || coalesce(actor_slack_id, '') || coalesce(requester_email, '') || data::text
    !~ U&'\FDD0i[0-9]+\FDD1'
) not valid;

-- An older version would seal events without their numbers: it does not find the chain's end any more.
alter function hallpass_audit_head() rename to hallpass_chain_head;
