-- What is owed in a lane is found by this index and no other. Among millions that are done the planner's sample finds nothing that
-- is owed, and while both indexes said `done_at is null` it read all that is owed, for each lane anew, in the one that is not by lanes.
drop index effects_owed_by_lane;
create index effects_owed_by_lane on effects ((case when done_at is null then lane end), seq)
  where (case when done_at is null then lane end) is not null;
