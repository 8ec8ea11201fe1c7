-- name: lock_owner
-- One request of a merchant and mode counts and makes endpoints at a time.
select pg_advisory_xact_lock(hashtextextended('fincore.notify.endpoints:' || $1::text || ':' || $2::boolean, 0));

-- name: count_endpoints
-- How many endpoints a merchant has in a mode.
select count(*) from notify.endpoints where merchant_id = $1 and livemode = $2;

-- name: insert_endpoint
-- A new endpoint.
insert into notify.endpoints
    (endpoint_id, merchant_id, livemode, url, description, event_types, status, secret, secret_version, created_at)
values ($1, $2, $3, $4, $5, $6, 'enabled', $7, 1, $8)
returning *;

-- name: list_endpoints
-- The endpoints of a merchant in a mode, oldest first.
select * from notify.endpoints where merchant_id = $1 and livemode = $2 order by endpoint_id;

-- name: find_endpoint
-- One endpoint of a merchant in a mode.
select * from notify.endpoints where endpoint_id = $3 and merchant_id = $1 and livemode = $2;

-- name: lock_endpoint
-- The same, to be changed in this transaction. Deliveries may be inserted meanwhile: their foreign key does not mind.
select *
from notify.endpoints
where endpoint_id = $3 and merchant_id = $1 and livemode = $2
for no key update;

-- name: update_endpoint
-- What a merchant wants from now on. What failed before counts no more: the merchant has seen to it.
update notify.endpoints
set url = $2, description = $3, event_types = $4, status = $5,
    disabled_reason = case
        when $5 = 'enabled' then null
        else coalesce(disabled_reason, 'by_merchant')
    end,
    configured_tx = pg_current_xact_id(),
    failures = 0, paused_until = null
where endpoint_id = $1
returning *;

-- name: rotate_secret
-- A new secret; the one before it signs too until a moment, or no more where there is no moment.
update notify.endpoints
set secret = $2, secret_version = secret_version + 1,
    previous_secret = case when $3::timestamptz is null then null else secret end,
    previous_expires_at = $3
where endpoint_id = $1
returning *;

-- name: newest_secrets
-- The sealed secrets of the newest enabled endpoints.
select endpoint_id, secret from notify.endpoints where status = 'enabled' order by endpoint_id desc limit $1;
