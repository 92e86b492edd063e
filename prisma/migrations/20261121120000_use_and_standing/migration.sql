-- When the access was last seen to be used, for rules that end what is idle; and whether the person held it before it was
-- granted, so that it is not taken away at the end.
alter table grants
  add column last_used_at timestamptz(3),
  add column is_standing boolean not null default false;
