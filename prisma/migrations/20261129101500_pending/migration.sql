create index access_requests_pending on access_requests (requester_person) where status = 'pending';

-- How many requests of a person wait for a decision, and which of them asks for this very same. Whoever files for that person at the same
-- moment waits until the statement is over, and each query of a volatile function sees what was committed until then: of two, one
-- counts the other.
create function hallpass_pending_of(
  person integer, asked_resource text, asked_role text, asked_seconds integer, asked_reason text, asked_ticket text,
  out waiting integer, out same integer
) language plpgsql volatile as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('hallpass pending ' || person, 0));
  select count(*), min(r.number) filter (
      where r.resource = asked_resource and r.role = asked_role and r.duration_seconds = asked_seconds and r.reason = asked_reason
        and r.ticket is not distinct from asked_ticket and r.terms -> 'extends' is null)
    into waiting, same
    from access_requests r where r.status = 'pending' and r.requester_person = person;
end
$$;
