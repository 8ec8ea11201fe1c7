-- name: list_deliveries
-- The deliveries of an endpoint, newest first, each with its latest attempt that is over. The conditions are any of the
-- blocks below.
select d.*, a.attempt, a.began_at, a.response_status, a.error, a.duration_ms
from notify.deliveries d
left join lateral (
    select * from notify.attempts where delivery_id = d.delivery_id order by attempt desc limit 1
) a on true
where d.endpoint_id = $1{conditions}
order by d.delivery_id desc
limit $2;

-- name: with_status
-- Those in a state.
d.status = {value};

-- name: after_delivery
-- Those that come after a delivery in the list.
d.delivery_id < {value};

-- name: find_delivery
-- One delivery of a merchant in a mode.
select d.*
from notify.deliveries d
join notify.endpoints e using (endpoint_id)
where d.delivery_id = $3 and e.merchant_id = $1 and e.livemode = $2;

-- name: latest_attempts
-- How the latest attempts of a delivery went, newest first.
select attempt, began_at, response_status, error, duration_ms
from notify.attempts
where delivery_id = $1
order by attempt desc
limit $2;

-- name: lock_delivery
-- One delivery of a merchant in a mode, to be changed in this transaction, and whether its endpoint takes deliveries.
select d.*, e.status as endpoint_status, e.deleted_at is not null as is_endpoint_deleted
from notify.deliveries d
join notify.endpoints e using (endpoint_id)
where d.delivery_id = $3 and e.merchant_id = $1 and e.livemode = $2
for no key update of d;

-- name: replay_delivery
-- Due now, with the whole schedule before it. An attempt that is under way stays so.
update notify.deliveries
set status = 'pending', failure = null, finished_at = null, next_attempt_at = $2, round_attempts = 0,
    round_began_at = null
where delivery_id = $1
returning *;

-- name: replay_failed
-- The same for what failed at an endpoint in a span of time, oldest first, at most so many.
with failed as (
    select delivery_id
    from notify.deliveries
    where endpoint_id = $1 and status = 'failed' and created_at >= $2 and created_at < $3
    order by delivery_id
    limit $5
    for update skip locked
)
update notify.deliveries d
set status = 'pending', failure = null, finished_at = null, next_attempt_at = $4, round_attempts = 0,
    round_began_at = null
from failed
where d.delivery_id = failed.delivery_id;
