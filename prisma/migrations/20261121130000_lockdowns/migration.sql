-- Whoever or whatever is locked down gets no access, and keeps none, until it is lifted.
create table lockdowns (
  id uuid not null,
  kind text not null,
  value text not null,
  reason text not null,
  locked_by text not null,
  locked_at timestamptz(3) not null,
  lifted_by text,
  lifted_at timestamptz(3),
  constraint lockdowns_pkey primary key (id),
  constraint lockdowns_kind_check check (kind in ('person', 'resource'))
);

create unique index lockdowns_in_force on lockdowns (kind, value) where lifted_at is null;
