-- When live access was seen to be gone.
alter table grants add column vanished_at timestamptz(3);

-- Access in a provider that no grant gives: seen once, told once, until it is gone.
create table drift_findings (
  id uuid not null,
  provider text not null,
  subject text not null,
  target jsonb not null,
  kind text not null,
  outcome text not null,
  detail text,
  -- Each `resource:role` it stands for, and whom the policy knew by this name, when it was seen first.
  access jsonb not null,
  people jsonb not null,
  first_seen_at timestamptz(3) not null,
  last_seen_at timestamptz(3) not null,
  told text,
  told_at timestamptz(3),
  -- While it is being taken away, no grant of the same is made.
  removing_until timestamptz(3),
  resolved_at timestamptz(3),
  constraint drift_findings_pkey primary key (id),
  constraint drift_findings_kind check (kind in ('unknown', 'standing'))
);

create unique index drift_findings_open on drift_findings (provider, subject, target) where resolved_at is null;
create index drift_findings_provider_resolved_at_idx on drift_findings (provider, resolved_at);

-- When each provider was looked at last, and by whom it is being looked at.
create table drift_looks (
  provider text not null,
  begun_at timestamptz(3) not null,
  looked_at timestamptz(3),
  claimed_by uuid,
  claimed_until timestamptz(3),
  trouble text,
  constraint drift_looks_pkey primary key (provider)
);
