-- name: queued_jobs
-- A part of the statement of a commit: put jobs in, but for those with a key that a job has which waits or is being done: the index
-- is PgQueuer's. PgQueuer's own statement also returns the number of each job, and writes into its log that the job was put in:
-- nothing reads that, and a line has more indexes than a job.
queued_jobs as (
    insert into queue.pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, status, headers)
    select 0, t.kind, t.payload, now() + make_interval(secs => t.delay_seconds), t.dedupe_key, 'queued',
        case when t.traceparent is not null then jsonb_build_object('traceparent', t.traceparent) end
    from unnest($1::text[], $2::bytea[], $3::float8[], $4::text[], $5::text[])
        as t (kind, payload, delay_seconds, dedupe_key, traceparent)
    on conflict (dedupe_key)
        where (status = any (array['queued'::queue.pgqueuer_status, 'picked'::queue.pgqueuer_status])) and dedupe_key is not null
        do nothing
);

-- name: retry_job
-- Put a job that $5 has claimed back, to be due after a pause. $4: whether a claim of it, this one or an earlier one, may have taken effect.
with retried as (
    update queue.pgqueuer
    set status = 'queued', execute_after = now() + $2::interval, attempts = attempts + 1, updated = now(),
        queue_manager_id = null,
        -- PgQueuer stores a JSON null where there are none.
        headers = case
            when $4::boolean and jsonb_typeof(headers) = 'object' then headers || '{"may_have_run": true}'
            when $4::boolean then '{"may_have_run": true}'
            else headers
        end
    where id = $1::bigint and status = 'picked' and queue_manager_id = $5::uuid
    returning id, entrypoint, priority
),
undispatched as (
    delete from queue.dispatched using retried where job_id = retried.id
)
insert into queue.pgqueuer_log (job_id, status, entrypoint, priority, traceback)
select id, 'queued', entrypoint, priority, $3::jsonb from retried;

-- name: hold_jobs
-- Keep jobs for a person, each if its claimer still has it. The reason lies with the job itself, so that pruning PgQueuer's log cannot lose it.
with wanted as (
    select * from unnest($1::bigint[], $2::text[], $3::uuid[]) as t (id, reason, claimer)
),
held as (
    update queue.pgqueuer job
    set status = 'failed', updated = now(), queue_manager_id = null,
        headers = jsonb_build_object('held_reason', wanted.reason)
    from wanted
    where job.id = wanted.id and job.status = 'picked' and job.queue_manager_id = wanted.claimer
    returning job.id, job.entrypoint, job.priority
),
undispatched as (
    delete from queue.dispatched using held where job_id = held.id
)
insert into queue.pgqueuer_log (job_id, status, entrypoint, priority)
select id, 'failed', entrypoint, priority from held;

-- name: held_jobs
-- The dead letters, newest first. The conditions are any of the blocks below.
select id, entrypoint, payload, attempts, coalesce(headers ->> 'held_reason', '') as reason, updated
from queue.pgqueuer
where status = 'failed'{conditions}
order by updated desc, id desc
limit $1;

-- name: of_kind
-- Those of one kind.
entrypoint = {kind}

-- name: after_held
-- Those that come after a place in the list.
(updated, id) < ({at}::timestamptz, {id}::bigint)

-- name: held_job
-- One dead letter.
select id, entrypoint, payload, attempts, coalesce(headers ->> 'held_reason', '') as reason, updated
from queue.pgqueuer
where id = $1 and status = 'failed';

-- name: count_held
-- How many dead letters there are, counted up to $1, and since when the oldest is held.
select
    (select count(*) from (select from queue.pgqueuer where status = 'failed' limit $1) held) as held,
    (select min(updated) from queue.pgqueuer where status = 'failed') as oldest_at;

-- name: requeue_jobs
-- Make dead letters due now, as if they were new; only those held since $2, if it is given. The key is left out: another job that has it may
-- wait already, and one more run does no harm where the key only saves work.
with letters as (
    select id, entrypoint, payload, attempts, coalesce(headers ->> 'held_reason', '') as reason, updated
    from queue.pgqueuer
    where id = any ($1::bigint[]) and status = 'failed' and ($2::timestamptz is null or updated = $2)
    order by id
    for update
),
requeued as (
    update queue.pgqueuer job
    set status = 'queued', execute_after = now(), updated = now(), attempts = 0, queue_manager_id = null, dedupe_key = null
    from letters
    where job.id = letters.id
    returning job.id, job.entrypoint, job.priority
),
logged as (
    insert into queue.pgqueuer_log (job_id, status, entrypoint, priority)
    select id, 'queued', entrypoint, priority from requeued
)
select id, entrypoint, payload, attempts, reason, updated from letters;

-- name: discard_job
-- Delete a dead letter that is held since $2.
with discarded as (
    delete from queue.pgqueuer where id = $1 and status = 'failed' and updated = $2 returning *
),
logged as (
    insert into queue.pgqueuer_log (job_id, status, entrypoint, priority)
    select id, 'deleted', entrypoint, priority from discarded
)
select id, entrypoint, payload, attempts, coalesce(headers ->> 'held_reason', '') as reason, updated from discarded;

-- name: depths
-- How many jobs are in each state; those that are due later are `scheduled`.
select
    case when status = 'queued' and execute_after > now() then 'scheduled' else status::text end as status,
    count(*) as jobs
from queue.pgqueuer
group by 1;

-- name: backlog
-- Of each kind in $1 how many jobs are due and not begun, counted up to $2, and since when the first is due.
select k.kind, due.jobs, due.oldest_due_at
from unnest($1::text[]) k (kind)
cross join lateral (
    select count(*) as jobs, min(execute_after) as oldest_due_at
    from (
        select execute_after
        from queue.pgqueuer
        where entrypoint = k.kind and status = 'queued' and execute_after <= now()
        order by execute_after
        limit $2
    ) waiting
) due
where due.jobs > 0
order by due.oldest_due_at, k.kind;

-- name: purge_log
-- Forget what was done with jobs long finished, a bounded number of rows at a time.
delete from queue.pgqueuer_log
where id in (select id from queue.pgqueuer_log where created < now() - $1::interval order by created limit $2);

-- name: purge_statistics
-- Delete PgQueuer's counts per second; they exist only if its tools were used.
delete from queue.pgqueuer_statistics
where id in (select id from queue.pgqueuer_statistics where created < now() - $1::interval limit $2);

-- name: charges_with_jobs
-- Which of some charges a job of their own names, whether it waits, is being done or is held for a person.
select distinct charge_id
from (
    select substring(encode(payload, 'escape') from '"charge_id" *: *"(ch_[0-9a-z]+)"') as charge_id
    from queue.pgqueuer
    where entrypoint like 'charge.%'
) j
where charge_id = any ($1::text[]);

-- name: attempts_with_jobs
-- Which abandoned attempts of some charges a job names, in any state.
select distinct charge_id, attempt
from (
    select
        substring(encode(payload, 'escape') from '"charge_id" *: *"(ch_[0-9a-z]+)"') as charge_id,
        substring(encode(payload, 'escape') from '"attempt" *: *([0-9]+)')::int as attempt
    from queue.pgqueuer
    where entrypoint = 'attempt.reverse'
) j
where charge_id = any ($1::text[]);

-- name: refunds_with_jobs
-- Which of some refunds a job names, in any state.
select distinct refund_id
from (
    select substring(encode(payload, 'escape') from '"refund_id" *: *"(re_[0-9a-z]+)"') as refund_id
    from queue.pgqueuer
    where entrypoint like 'refund.%'
) j
where refund_id = any ($1::text[]);

-- name: jobs_of_charge
-- The jobs that name a charge: its own, and those of its refunds and abandoned attempts.
select
    entrypoint as kind, case status::text when 'failed' then 'held' else status::text end as status, execute_after as due_at,
    attempts + 1 as tries,
    substring(encode(payload, 'escape') from '"refund_id" *: *"(re_[0-9a-z]+)"') as refund_id,
    substring(encode(payload, 'escape') from '"attempt" *: *([0-9]+)')::int as attempt,
    headers ->> 'held_reason' as held_reason
from queue.pgqueuer
where status::text in ('queued', 'picked', 'failed') and substring(payload, 1, 14) = '{"charge_id":"'
  and substring(payload, 1, 44) = convert_to('{"charge_id":"' || $1::text || '"', 'UTF8')
order by execute_after, id
limit $2;

-- name: texts_matching
-- Payloads and reasons of jobs, and lines of the queue's log, in which the regular expression $1 is found.
select place, content
from (
    select 'queue.pgqueuer, job ' || id as place,
        coalesce(payload, '') || convert_to(' ' || coalesce(headers::text, ''), 'UTF8') as content
    from queue.pgqueuer
    union all
    select 'queue.pgqueuer_log, line ' || id, convert_to(traceback::text, 'UTF8') from queue.pgqueuer_log
) texts
where encode(content, 'escape') ~ $1;
