-- Two requests of one person may be approved at the same moment, each judged without the other. Each approval counts here, and only if
-- there was none since what it was judged by was read: of two one is the first, and the other is judged again.
create table requesters (
  email text not null,
  approvals integer not null,
  constraint requesters_pkey primary key (email)
);
