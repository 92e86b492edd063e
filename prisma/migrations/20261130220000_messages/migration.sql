-- Where messages stand, on whatever chat surface; `place` is that surface's own.
create table messages (
  request_id uuid not null references access_requests (id) on delete restrict on update restrict,
  surface text not null,
  kind text not null,
  place jsonb not null,
  posted_at timestamptz(3) not null,
  primary key (request_id, surface, kind)
);
insert into messages (request_id, surface, kind, place, posted_at)
select request_id, 'slack', kind, jsonb_build_object('channel', channel, 'ts', ts), posted_at from slack_messages;
drop table slack_messages;

-- What is owed to people says where, and keeps its order in the lane of that surface.
update effects set lane = 'slack-' || lane, payload = payload || '{"surface": "slack"}'
where done_at is null and queue = 'messages';
