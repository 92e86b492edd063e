-- What of a pending request its requester was found to have already, by a right of their own; shown to approvers.
alter table access_requests add column held_before jsonb;
