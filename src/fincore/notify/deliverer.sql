-- name: close_undeliverable
-- What waits for disabled or deleted endpoints has failed. $1 now, $2 rows.
with stranded as (
    select d.*, case when e.deleted_at is null then 'endpoint_disabled' else 'endpoint_deleted' end as failure
    from notify.endpoints e
    cross join lateral (
        select delivery_id, attempts, leased_at
        from notify.deliveries
        where endpoint_id = e.endpoint_id and status = 'pending' and (leased_until is null or leased_until <= $1)
        limit $2
        for update skip locked
    ) d
    where e.status = 'disabled'
    limit $2
),
lost as (
    insert into notify.attempts (delivery_id, attempt, began_at, error)
    select delivery_id, attempts, leased_at, 'lost' from stranded where leased_at is not null
    on conflict do nothing
)
update notify.deliveries d
set status = 'failed', failure = stranded.failure, next_attempt_at = null, finished_at = $1,
    leased_at = null, leased_until = null
from stranded
where d.delivery_id = stranded.delivery_id;

-- name: purge_deliveries
-- Forget deliveries that ended before a moment, with their attempts, a bounded number at a time.
with old as (
    select delivery_id
    from notify.deliveries
    where status <> 'pending' and finished_at < $1
    limit $2
    for update skip locked
)
delete from notify.deliveries d using old where d.delivery_id = old.delivery_id;

-- name: purge_endpoints
-- Forget endpoints that were deleted before a moment and have no delivery left, a bounded number at a time.
delete from notify.endpoints
where endpoint_id in (
    select endpoint_id
    from notify.endpoints e
    where deleted_at < $1 and not exists (select from notify.deliveries d where d.endpoint_id = e.endpoint_id)
    limit $2
);

-- name: measure_due
-- How many deliveries to enabled endpoints are due and not under way, and since when the oldest is. $1 now.
select count(*) as due, extract(epoch from $1 - min(d.next_attempt_at))::float8 as oldest_seconds
from notify.deliveries d
join notify.endpoints e using (endpoint_id)
where d.status = 'pending' and d.next_attempt_at <= $1 and (d.leased_until is null or d.leased_until <= $1)
  and e.status = 'enabled';
