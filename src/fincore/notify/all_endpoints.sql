-- name: list_endpoints
-- Endpoints of a mode, of some merchants or of all ($2), newest first, each with how much waits for it and how much was given up, counted up
-- to $3. The conditions are any of the blocks below.
select e.*, p.count as pending, f.count as given_up
from (
    select *
    from notify.endpoints e
    where e.livemode = $1 and ($2::text[] is null or e.merchant_id = any ($2)) and e.deleted_at is null{conditions}
    order by e.endpoint_id desc
    limit $4
) e
cross join lateral (
    select count(*)
    from (select from notify.deliveries where endpoint_id = e.endpoint_id and status = 'pending' limit $3) d
) p
cross join lateral (
    select count(*)
    from (select from notify.deliveries where endpoint_id = e.endpoint_id and status = 'failed' limit $3) d
) f
order by e.endpoint_id desc;

-- name: enabled
-- Those that take webhooks, and took the latest ones.
(e.status = 'enabled' and e.failures = 0) = {value}

-- name: failing
-- Those that FinCore disabled because nothing arrived, and those that the latest webhooks did not reach.
(e.disabled_reason in ('gone', 'failing') or (e.status = 'enabled' and e.failures > 0)) = {value}

-- name: disabled
-- Those that take nothing.
(e.status = 'disabled') = {value}

-- name: after_endpoint
-- Those that come after an endpoint in the list.
e.endpoint_id < {value}

-- name: find_endpoint
-- One endpoint of any merchant.
select e.*, p.count as pending, f.count as given_up
from notify.endpoints e
cross join lateral (
    select count(*)
    from (select from notify.deliveries where endpoint_id = e.endpoint_id and status = 'pending' limit $2) d
) p
cross join lateral (
    select count(*)
    from (select from notify.deliveries where endpoint_id = e.endpoint_id and status = 'failed' limit $2) d
) f
where e.endpoint_id = $1 and e.deleted_at is null;

-- name: set_status
-- Enable an endpoint, or disable it in the name of staff. What failed before counts no more: they have seen to it.
update notify.endpoints
set status = $2, disabled_reason = case when $2 = 'enabled' then null else coalesce(disabled_reason, 'by_staff') end,
    configured_tx = pg_current_xact_id(), failures = 0, paused_until = null
where endpoint_id = $1 and deleted_at is null;

-- name: count_failing
-- How many endpoints of a mode fail, counted up to $3, and since when the oldest of the webhooks that wait for them waits.
select count(*) as endpoints, min(d.created_at) as oldest_at
from (
    select e.endpoint_id
    from notify.endpoints e
    where e.livemode = $1 and ($2::text[] is null or e.merchant_id = any ($2)) and e.deleted_at is null
      and (e.disabled_reason in ('gone', 'failing') or (e.status = 'enabled' and e.failures > 0))
    order by e.endpoint_id
    limit $3
) e
left join lateral (
    select created_at
    from notify.deliveries
    where endpoint_id = e.endpoint_id and status = 'pending'
    order by delivery_id
    limit 1
) d on true;
