-- Who could have what, and when: from the moment a grant was begun.
create index audit_events_started on audit_events (resource, role, at) where type = 'grant.started';

-- The same of a bundle's parts, which have another role than the one that was asked for.
create index audit_events_started_access on audit_events ((data ->> 'access') collate "C")
  where type = 'grant.started' and data ? 'access';

-- Events from before people had keys.
create index audit_events_plain_requester on audit_events (lower(requester_email))
  where requester_person is null and requester_email is not null;
create index audit_events_plain_actor on audit_events (lower(actor_email))
  where actor_person is null and actor_email is not null;
