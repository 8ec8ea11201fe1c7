-- name: try_lock
-- Whether this session is the one that cleans up now.
select pg_try_advisory_lock(hashtext('fincore.worker.housekeeping'));

-- name: unlock
-- Let others clean up.
select pg_advisory_unlock(hashtext('fincore.worker.housekeeping'));
