-- That a provider was asked is on record before it is, with what was asked for by the system's own ids.
alter table grants
  add column asked_at timestamptz(3),
  add column system text,
  add column subject_id text,
  add column target_id text,
  add column is_left boolean not null default false;

-- Until now nobody wrote down whether it was asked: whatever began may have been.
update grants set asked_at = coalesce(active_at, (
  select min(e.started_at) from effects e where e.grant_id = grants.id and e.kind = 'grant'),
  case when status = 'revoking' then statement_timestamp() end);

alter table grants add constraint grants_ids_together
  check ((system is null) = (subject_id is null) and (system is null) = (target_id is null));

create index grants_system_subject_id_target_id_idx on grants (system, subject_id, target_id);
