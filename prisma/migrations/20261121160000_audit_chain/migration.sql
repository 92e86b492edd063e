-- The audit's hash chain: which event stands at which place, and the hash that binds it to all before it.
create table audit_chain (
  sequence bigint not null,
  event_seq bigint not null,
  hash text not null,
  constraint audit_chain_pkey primary key (sequence),
  constraint audit_chain_sequence_check check (sequence > 0),
  constraint audit_chain_hash_check check (hash ~ '^[0-9a-f]{64}$')
);

create unique index audit_chain_event_seq_key on audit_chain (event_seq);

-- What the chain was at some moment, signed: published where nobody with rights on this database can change it.
create table audit_checkpoints (
  sequence bigint not null,
  hash text not null,
  at timestamptz(3) not null,
  key_id text not null,
  signature text not null,
  constraint audit_checkpoints_pkey primary key (sequence)
);

create trigger audit_chain_insert_only before update or delete on audit_chain
  for each row execute function hallpass_refuse_change();
create trigger audit_chain_no_truncate before truncate on audit_chain
  for each statement execute function hallpass_refuse_change();
create trigger audit_checkpoints_insert_only before update or delete on audit_checkpoints
  for each row execute function hallpass_refuse_change();
create trigger audit_checkpoints_no_truncate before truncate on audit_checkpoints
  for each statement execute function hallpass_refuse_change();

-- How far each follower of the chain has come: sinks, and the channel checkpoints are posted in.
create table audit_cursors (
  name text not null,
  sequence bigint not null,
  moved_at timestamptz(3) not null,
  constraint audit_cursors_pkey primary key (name)
);
