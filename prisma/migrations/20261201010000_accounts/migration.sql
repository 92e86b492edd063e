-- People act through an account of a chat surface, which need not be Slack's. The audit keeps the names it was signed under:
-- audit_events.actor_slack_id and personal_values.kind.
alter table access_requests rename column requester_slack_id to requester_account;
alter index access_requests_requester_slack_id_idx rename to access_requests_requester_account_idx;

alter table person_names drop constraint person_names_kind;
update person_names set kind = 'account' where kind = 'slack_id';
alter table person_names add constraint person_names_kind check (kind in ('account', 'email'));

update access_requests set decisions = (
  select jsonb_agg(
    case when d ? 'slackId' then (d - 'slackId') || jsonb_build_object('account', d -> 'slackId') else d end order by place)
  from jsonb_array_elements(decisions) with ordinality as e(d, place))
where decisions @? '$[*].slackId';

-- What is still owed to people says who did it.
update effects set payload = jsonb_set(
  payload #- '{event,actor,slackId}', '{event,actor,account}', payload #> '{event,actor,slackId}')
where done_at is null and payload #> '{event,actor,slackId}' is not null;
