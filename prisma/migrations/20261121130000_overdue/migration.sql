-- Since when access should be gone, where that is not its expiry: the moment it was told to end early, or had failed.
alter table grants add column ending_since timestamptz(3);
update grants set ending_since = least(expires_at, now()) where status = 'revoking';

-- What may still exist in a provider: the watchdog asks for it every few seconds, and the rest is history.
create index grants_not_gone on grants (id) where status <> 'revoked';

-- Access that should be gone and is not: how far it has come, and how much of that was said where.
create table overdue_grants (
  grant_id uuid not null,
  since timestamptz(3) not null,
  step integer not null,
  thread_step integer not null default 0,
  alerts_step integer not null default 0,
  locked_until timestamptz(3),
  constraint overdue_grants_pkey primary key (grant_id),
  constraint overdue_grants_grant_id_fkey foreign key (grant_id) references grants (id)
    on delete restrict on update restrict
);
