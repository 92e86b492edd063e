-- What was unusual about a request beside its requester's earlier ones; shown to approvers.
alter table access_requests add column flags jsonb;

-- Who has approved for a resource lately.
create index access_requests_resource_created_at_idx on access_requests (resource, created_at);
