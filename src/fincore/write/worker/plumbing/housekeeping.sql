-- name: try_lock
-- Whether this session may purge now: at most one does.
select pg_try_advisory_lock(hashtext('fincore.worker.housekeeping'));

-- name: unlock
-- Let other sessions purge.
select pg_advisory_unlock(hashtext('fincore.worker.housekeeping'));
