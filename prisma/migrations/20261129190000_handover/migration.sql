-- What a provider handed over for the requester to see once, sealed with a key that is not in the database.
alter table grants add column handover jsonb;

-- It is gone with the access, whoever writes the row.
alter table grants add constraint grants_handover_while_active check (handover is null or status = 'active');

-- Requests ask for the same only where the same was typed for their providers, too.
drop function hallpass_pending_of(integer, text, text, integer, text, text);
create function hallpass_pending_of(
  person integer, asked_resource text, asked_role text, asked_seconds integer, asked_reason text, asked_ticket text, typed jsonb,
  out waiting integer, out same integer
) language plpgsql volatile as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('hallpass pending ' || person, 0));
  select count(*), min(r.number) filter (
      where r.resource = asked_resource and r.role = asked_role and r.duration_seconds = asked_seconds and r.reason = asked_reason
        and r.ticket is not distinct from asked_ticket and r.terms -> 'extends' is null
        and jsonb_path_query_array(r.planned, '$[*].input') = typed)
    into waiting, same
    from access_requests r where r.status = 'pending' and r.requester_person = person;
end
$$;
