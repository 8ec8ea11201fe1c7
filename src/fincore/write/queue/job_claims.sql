-- name: claim
-- Give $3 those of the jobs $1 that are of the kinds $2 and due, or left by a worker that has sent no heartbeat for $4. A message about each is taken to
-- come again until $5 from now. A message about any other job of a known kind is answered by this: nothing is to be done now.
with takeable as (
    select job.id
    from queue.pgqueuer job
    where job.id = any ($1::bigint[]) and job.entrypoint = any ($2::text[])
        and (
            job.status = 'queued' and job.execute_after <= now()
            or job.status = 'picked' and job.heartbeat < now() - $4::interval
        )
    order by job.id
    for update skip locked
),
claimed as (
    update queue.pgqueuer job
    set status = 'picked', queue_manager_id = $3::uuid, heartbeat = now(), updated = now()
    from takeable
    where job.id = takeable.id
    returning job.id, job.entrypoint, job.payload, job.attempts, job.headers
),
expected_again as (
    update queue.dispatched d
    set until = now() + $5::interval, is_claimed = true
    from takeable
    where d.job_id = takeable.id
),
answered as (
    delete from queue.dispatched d
    where d.job_id = any ($1::bigint[]) and not exists (
        select from queue.pgqueuer job
        where job.id = d.job_id and (job.status = 'picked' or job.status = 'queued' and job.execute_after <= now())
    )
)
select id, entrypoint, payload, attempts, headers, true as is_claimed from claimed
union all
select id, entrypoint, null, 0, null, false
from queue.pgqueuer
where id = any ($1::bigint[]) and entrypoint <> all ($2::text[]);

-- name: beat
-- Say that the claimer $2 of these jobs is alive, and that messages about them may come again until $3 from now.
with alive as (
    update queue.pgqueuer
    set heartbeat = now()
    where id = any ($1::bigint[]) and queue_manager_id = $2::uuid and status = 'picked'
    returning id
)
update queue.dispatched d set until = now() + $3::interval from alive where d.job_id = alive.id;

-- name: finish
-- Delete jobs that are done, where $2 still has them.
with finished as (
    delete from queue.pgqueuer
    where id = any ($1::bigint[]) and queue_manager_id = $2::uuid and status = 'picked'
    returning id, entrypoint, priority
),
undispatched as (
    delete from queue.dispatched using finished where job_id = finished.id
)
insert into queue.pgqueuer_log (job_id, status, entrypoint, priority)
select id, 'successful', entrypoint, priority from finished;

-- name: hold_abandoned
-- Keep those jobs for a person, for the reason $2, that were claimed by a worker that has sent no heartbeat for $3; return them.
with held as (
    update queue.pgqueuer
    set status = 'failed', updated = now(), queue_manager_id = null, headers = jsonb_build_object('held_reason', $2::text)
    where id = any ($1::bigint[]) and status = 'picked' and heartbeat < now() - $3::interval
    returning id, entrypoint, priority
),
undispatched as (
    delete from queue.dispatched using held where job_id = held.id
),
logged as (
    insert into queue.pgqueuer_log (job_id, status, entrypoint, priority)
    select id, 'failed', entrypoint, priority from held
)
select id from held;
