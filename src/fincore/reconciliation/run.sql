-- name: try_turn
-- The turn of the only process that runs; PostgreSQL lets it go when the process dies.
select pg_try_advisory_lock(hashtext('fincore.reconciliation.run'));

-- name: end_turn
-- The next one may run.
select pg_advisory_unlock(hashtext('fincore.reconciliation.run'));

-- name: end_of_log
-- The last event that was committed.
select tx::text::bigint as tx, pos from eventstore.events order by tx desc, pos desc limit 1;

-- name: has_booked
-- Whether the ledger has passed a place of the log.
select exists (select from ledgerdb.checkpoints where consumer = 'ledger' and (tx, pos) >= ($1::bigint, $2::bigint));

-- name: count_breaks
-- What a run did to breaks.
select count(*) filter (where opened_by = $1) as opened, count(*) filter (where closed_by = $1) as closed,
    count(*) filter (where status = 'open') as open
from reconciliation.breaks
where closed_at is null or closed_by = $1;
