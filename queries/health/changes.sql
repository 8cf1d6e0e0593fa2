-- What was committed since the last look, when a report last changed by its own word, and whether this is a copy.
-- `marks` counts the transactions with an id of at least :horizon that are visible now. The last look counted the same;
-- more of them means that something was committed meanwhile. The next look starts from the oldest transaction that still
-- runs (`next_horizon`): of older ones nothing can come any more.
-- A copy knows everything up to the newest beat or commit it has replayed.
with database as (
    select
        pg_is_in_recovery() as is_copy,
        case when pg_is_in_recovery()
            then greatest((select at from primary_beat), pg_last_xact_replay_timestamp()) end as known_to,
        pg_snapshot_xmin(pg_current_snapshot()) as horizon
)
select
    is_copy,
    known_to,
    (select max(updated_at) from report where updated_at <= least(:now, known_to)) as updated_at,
    cast(pg_postmaster_start_time() as text) as started,
    (select count(*) from change_mark where xid >= cast(:horizon as xid8)) as marks,
    cast(horizon as text) as next_horizon,
    (select count(*) from change_mark where xid >= horizon) as next_marks
from database
