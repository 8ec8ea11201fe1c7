-- name: lock
-- One installer at a time; held by the session.
select pg_advisory_lock(hashtext('fincore.queue.install'));

-- name: vacuum_log_often
-- PgQueuer expects its log to be truncated now and then; ours is pruned all the time.
alter table queue.pgqueuer_log set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 10000);

-- name: index_held_jobs
-- Dead letters are listed newest first, of one kind or of all, from any place on. PgQueuer indexes jobs that wait or are being done only.
create index if not exists pgqueuer_fincore_held on queue.pgqueuer (updated, id) where status = 'failed';
create index if not exists pgqueuer_fincore_held_by_kind on queue.pgqueuer (entrypoint, updated, id) where status = 'failed';

-- name: index_jobs_of_charges
-- The jobs that name a charge are looked for while many wait: payloads of such jobs begin with the id of the charge.
create index if not exists pgqueuer_fincore_of_charges on queue.pgqueuer (substring(payload, 1, 44))
    where substring(payload, 1, 14) = '{"charge_id":"';

-- name: remember_dispatched_jobs
-- Of which jobs a message is taken to be under way outside the database, and until when. The table has no write-ahead log: what a crash empties
-- is sent once more.
create unlogged table if not exists queue.dispatched (
    job_id     bigint      primary key,
    until      timestamptz not null,
    times      smallint    not null check (times between 1 and 100),
    is_claimed boolean     not null
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 5000);

-- name: grant_service
-- The services put in, take out and prune jobs; they own nothing.
grant usage on schema queue to fincore_service;
grant select, insert, update, delete on all tables in schema queue to fincore_service;
grant usage, select on all sequences in schema queue to fincore_service;
alter default privileges in schema queue grant select, insert, update, delete on tables to fincore_service;
alter default privileges in schema queue grant usage, select on sequences to fincore_service;

-- name: remember_what_may_have_run
-- A claim that ends by a takeover or by a hold may have called a PSP. The job says so from then on, whichever process finds out.
create or replace function queue.fn_fincore_may_have_run() returns trigger language plpgsql as $$
begin
    -- PgQueuer stores a JSON null where there are none.
    if jsonb_typeof(new.headers) is distinct from 'object' then
        new.headers := '{}'::jsonb;
    end if;
    new.headers := new.headers || '{"may_have_run": true}'::jsonb;
    return new;
end
$$;
create or replace trigger tg_fincore_may_have_run
before update of status on queue.pgqueuer
for each row
when (old.status = 'picked' and new.status in ('picked', 'failed'))
execute function queue.fn_fincore_may_have_run();
