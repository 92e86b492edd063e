-- A person is a number of ours, and goes by accounts and addresses that come and go. At one time a name is one person's.
create table person_names (
  id serial,
  person_id integer not null,
  kind text not null,
  -- A Slack account's id, or an address in lower case.
  name text not null,
  since timestamptz(3) not null,
  -- It became somebody else's then, or was taken out.
  until timestamptz(3),
  -- Of an account: since when it may do nothing any more.
  gone_since timestamptz(3),
  constraint person_names_pkey primary key (id),
  constraint person_names_kind check (kind in ('slack_id', 'email')),
  constraint person_names_person_id_fkey foreign key (person_id) references people (id) on delete restrict on update restrict
);

create unique index person_names_now on person_names (kind, name) where until is null;
create index person_names_person_id_idx on person_names (person_id);

-- Two people turned out to be one: whatever was recorded of this one is the other's.
alter table people add column joined_into integer
  constraint people_joined_into_fkey references people (id) on delete restrict on update restrict;
create index people_joined_into_idx on people (joined_into) where joined_into is not null;

-- Each change of who is who, by whose number a process tells that what it remembers is of before.
create table person_changes (
  id serial,
  at timestamptz(3) not null,
  change text not null,
  person_id integer not null,
  other_id integer not null,
  constraint person_changes_pkey primary key (id),
  constraint person_changes_change check (change in ('joined', 'passed', 'split'))
);

create trigger person_changes_insert_only before update or delete on person_changes
  for each row execute function hallpass_refuse_change();
create trigger person_changes_no_truncate before truncate on person_changes
  for each statement execute function hallpass_refuse_change();

create or replace function hallpass_only_erase() returns trigger language plpgsql as $$
begin
  if new.id = old.id and new.joined_into is not distinct from old.joined_into
     and old.erased_at is null and new.erased_at is not null then
    -- Whoever comes back under the same name is somebody new.
    delete from person_names where person_id = old.id;
    return new;
  end if;
  if new.id = old.id and new.key is not distinct from old.key and new.erased_at is not distinct from old.erased_at
     and new.joined_into is distinct from old.joined_into then
    return new;
  end if;
  raise exception '% can only be erased or joined: % refused', tg_table_name, tg_op using errcode = 'insufficient_privilege';
end
$$;

-- What is sealed with a key that was destroyed meanwhile could never be read, and what is written of who somebody was before is
-- another's: whoever writes it asks again who is who. `seen`: the last of person_changes that they know of.
create function hallpass_insist_on_people(persons integer[], seen integer) returns boolean language plpgsql stable as $$
begin
  if exists (select from people where id = any (persons) and key is null) then
    raise exception 'hallpass_person_erased';
  end if;
  if coalesce((select max(id) from person_changes), 0) <> seen then
    raise exception 'hallpass_people_changed';
  end if;
  return true;
end
$$;
drop function hallpass_insist_on_keys(integer[]);

insert into person_names (person_id, kind, name, since)
select id, case when position('@' in handle) > 0 then 'email' else 'slack_id' end,
       case when position('@' in handle) > 0 then lower(handle) else handle end, clock_timestamp()
from people where handle is not null order by id
on conflict do nothing;

alter table people drop constraint people_known_or_erased;
drop index people_handle_key;
alter table people drop column handle;
alter table people add constraint people_known_or_erased check (
  (erased_at is null and octet_length(key) = 32) or (erased_at is not null and key is null)
);

alter table access_requests add column requester_person integer
  constraint access_requests_requester_person_fkey references people (id) on delete restrict on update restrict;
alter table lockdowns add column person_id integer
  constraint lockdowns_person_id_fkey references people (id) on delete restrict on update restrict;

-- Of what is there: who has been seen under the same account or the same address is one person.
do $$
declare
  one record;
  name_of record;
  by_account integer;
  by_address integer;
begin
  for one in
    select slack_id, email, min(number) as number from (
      select requester_slack_id as slack_id, lower(requester_email) as email, number from access_requests
      union all
      select d ->> 'slackId', lower(d ->> 'email'), number from access_requests, jsonb_array_elements(decisions) d
      union all
      select null, lower(value), 0 from lockdowns where kind = 'person'
    ) seen
    where email !~ '^erased person [0-9]+$'
    group by 1, 2 order by 3, 2, 1
  loop
    select person_id into by_account from person_names
    where kind = 'slack_id' and name = one.slack_id and until is null;
    select person_id into by_address from person_names where kind = 'email' and name = one.email and until is null;
    if by_account is not null and by_address is not null and by_account <> by_address then
      for name_of in
        select * from person_names where person_id = greatest(by_account, by_address) and until is null
      loop
        update person_names set until = clock_timestamp() where id = name_of.id;
        insert into person_names (person_id, kind, name, since)
        values (least(by_account, by_address), name_of.kind, name_of.name, clock_timestamp());
      end loop;
      update people set joined_into = least(by_account, by_address)
      where id = greatest(by_account, by_address) or joined_into = greatest(by_account, by_address);
      insert into person_changes (at, change, person_id, other_id)
      values (clock_timestamp(), 'joined', least(by_account, by_address), greatest(by_account, by_address));
      insert into audit_events (id, at, type, actor_kind, data)
      values (gen_random_uuid(), date_trunc('milliseconds', clock_timestamp()), 'person.joined', 'hallpass',
              jsonb_build_object('person', least(by_account, by_address), 'other', greatest(by_account, by_address),
                                 'address', '', 'requests', '[]'::jsonb, 'via', 'migration'));
      continue;
    end if;
    if by_account is null and by_address is null then
      -- 244 random bits of PostgreSQL's own, which is what it has without extensions.
      insert into people (key)
      values (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'))
      returning id into by_address;
    end if;
    insert into person_names (person_id, kind, name, since)
    select coalesce(by_account, by_address), kind, name, clock_timestamp()
    from (values ('slack_id', one.slack_id), ('email', one.email)) as n(kind, name)
    where name is not null
    on conflict do nothing;
  end loop;
end
$$;

create function pg_temp.person_of(email text) returns integer language sql as $$
  select coalesce(
    substring(email from '^erased person ([0-9]+)$')::integer,
    (select person_id from person_names where kind = 'email' and name = lower(email) and until is null))
$$;

alter table access_requests drop constraint access_requests_no_self_decision;
update access_requests set requester_person = pg_temp.person_of(requester_email);
update access_requests set decisions = (
  select jsonb_agg(d || jsonb_build_object('person', pg_temp.person_of(d ->> 'email')) order by place)
  from jsonb_array_elements(decisions) with ordinality as e(d, place))
where decisions <> '[]';
alter table access_requests alter column requester_person set not null;
-- Nobody decides their own request, whatever the code above believes. It is the decision that is refused: that somebody turns out
-- later to be who they decided about must not keep their access from ending.
create function hallpass_refuse_own_decision() returns trigger language plpgsql as $$
declare
  before integer := case when tg_op = 'UPDATE' then jsonb_array_length(old.decisions) else 0 end;
begin
  if exists (
    select from jsonb_array_elements(new.decisions) with ordinality as d(decision, place)
    where place > before and decision ->> 'person' = new.requester_person::text
  ) then
    raise exception 'nobody decides their own request' using errcode = 'check_violation';
  end if;
  return new;
end
$$;
create trigger access_requests_no_self_decision before update on access_requests
  for each row when (jsonb_array_length(new.decisions) > jsonb_array_length(old.decisions))
  execute function hallpass_refuse_own_decision();
create trigger access_requests_filed_undecided before insert on access_requests
  for each row when (new.decisions <> '[]') execute function hallpass_refuse_own_decision();
drop index "access_requests_requester_email_created_at_idx";
create index access_requests_requester_person_created_at_idx on access_requests (requester_person, created_at);
create index access_requests_requester_slack_id_idx on access_requests (requester_slack_id)
  where status in ('pending', 'approved');

create table requesters_by_person (
  person_id integer not null,
  approvals integer not null,
  constraint requesters_person_pkey primary key (person_id)
);
insert into requesters_by_person
select pg_temp.person_of(email), sum(approvals) from requesters where pg_temp.person_of(email) is not null group by 1;
drop table requesters;
alter table requesters_by_person rename to requesters;

update lockdowns set person_id = pg_temp.person_of(value) where kind = 'person';
-- Two addresses of one person may have been locked down each: one lockdown is enough.
update lockdowns l set lifted_at = clock_timestamp(), lifted_by = 'hallpass'
where kind = 'person' and lifted_at is null and exists (
  select from lockdowns o where o.kind = 'person' and o.lifted_at is null and o.person_id = l.person_id and o.id < l.id);
drop index lockdowns_in_force;
create unique index lockdowns_of_person on lockdowns (person_id) where kind = 'person' and lifted_at is null;
create unique index lockdowns_of_resource on lockdowns (value) where kind = 'resource' and lifted_at is null;
alter table lockdowns add constraint lockdowns_person check ((kind = 'person') = (person_id is not null));
