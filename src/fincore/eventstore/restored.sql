-- name: log_state
-- Whether the server numbers transactions above those of the log, and the epoch from which on it would. The epoch is
-- what counts the rounds of the 32 bits that a transaction id has on disk.
select
    coalesce(max(tx) < pg_snapshot_xmax(pg_current_snapshot()), true) as continues,
    coalesce((max(tx)::text::bigint >> 32) + 1, 0) as epoch
from eventstore.events;

-- name: beyond
-- Whether the log has an event at a place, and how many it has after it.
select
    exists (
        select from eventstore.events where (tx, pos) = ($1::bigint::text::xid8, $2::bigint)
    ) as has_place,
    (
        select count(*) from eventstore.events where (tx, pos) > ($1::bigint::text::xid8, $2::bigint)
    ) as events_after;
