-- When the access was last seen to be used, for rules that end what is idle.
alter table grants add column last_used_at timestamptz(3);
