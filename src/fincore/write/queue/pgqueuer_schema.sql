-- name: lock
-- One installer at a time; held by the session.
select pg_advisory_lock(hashtext('fincore.queue.install'));

-- name: vacuum_log_often
-- PgQueuer expects its log to be truncated now and then; ours is pruned all the time.
alter table queue.pgqueuer_log set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 10000);

-- name: grant_service
-- The services put in, take out and prune jobs; they own nothing.
grant usage on schema queue to fincore_service;
grant select, insert, update, delete on all tables in schema queue to fincore_service;
grant usage, select on all sequences in schema queue to fincore_service;
alter default privileges in schema queue grant select, insert, update, delete on tables to fincore_service;
alter default privileges in schema queue grant usage, select on sequences to fincore_service;
