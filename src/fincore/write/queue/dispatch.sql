-- name: reserve
-- Take up to $2 jobs that are due and of which no message is under way, those of the kinds $1 that wait longest first, and those of workers that have sent no heartbeat
-- for $3. A message is taken to be under way for $4, and for twice as long each time that it turns out to be lost.
with due as (
    select id
    from (
        select waiting.id, waiting.execute_after
        from unnest($1::text[]) k (kind)
        cross join lateral (
            select job.id, job.execute_after
            from queue.pgqueuer job
            where job.entrypoint = k.kind and job.status = 'queued' and job.execute_after <= now()
                and not exists (select from queue.dispatched d where d.job_id = job.id and d.until > now())
            order by job.execute_after
            limit $2
        ) waiting
        union all
        (
            select job.id, job.heartbeat
            from queue.pgqueuer job
            where job.status = 'picked' and job.heartbeat < now() - $3::interval
                and not exists (select from queue.dispatched d where d.job_id = job.id and d.until > now())
            order by job.heartbeat
            limit $2
        )
    ) found
    order by execute_after, id
    limit $2
)
insert into queue.dispatched as d (job_id, until, times, is_claimed)
select id, now() + $4::interval, 1, false from due order by id
on conflict (job_id) do update
set until = now() + $4::interval * power(2, d.times), times = least(d.times + 1, $5::int), is_claimed = false
where d.until <= now()
returning job_id;

-- name: release
-- No message was sent about these jobs: they can be reserved at once.
delete from queue.dispatched where job_id = any ($1::bigint[]) and not is_claimed;

-- name: count_under_way
-- Of how many jobs a message is under way that no worker has answered with a claim.
select count(*) from queue.dispatched where until > now() and not is_claimed;

-- name: lag
-- For how many seconds the job has been due that waits longest for its first message.
select coalesce(extract(epoch from now() - min(oldest.execute_after)), 0)::float8
from unnest($1::text[]) k (kind)
cross join lateral (
    select job.execute_after
    from queue.pgqueuer job
    where job.entrypoint = k.kind and job.status = 'queued' and job.execute_after <= now()
        and not exists (select from queue.dispatched d where d.job_id = job.id)
    order by job.execute_after
    limit 1
) oldest;

-- name: forget
-- Forget messages about jobs that are no more.
delete from queue.dispatched d
where d.until <= now() and not exists (select from queue.pgqueuer job where job.id = d.job_id);
