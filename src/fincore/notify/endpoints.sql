-- name: lock_owner
-- One request of a merchant and mode counts and makes endpoints at a time.
select pg_advisory_xact_lock(hashtextextended('fincore.notify.endpoints:' || $1::text || ':' || $2::boolean, 0));

-- name: count_endpoints
-- How many endpoints a merchant has in a mode.
select count(*) from notify.endpoints where merchant_id = $1 and livemode = $2 and deleted_at is null;

-- name: insert_endpoint
-- A new endpoint.
insert into notify.endpoints
    (endpoint_id, merchant_id, livemode, url, description, event_types, status, secret, secret_version, created_at)
values ($1, $2, $3, $4, $5, $6, 'enabled', $7, 1, $8)
returning *;

-- name: list_endpoints
-- The endpoints of a merchant in a mode, oldest first.
select *
from notify.endpoints
where merchant_id = $1 and livemode = $2 and deleted_at is null
order by endpoint_id;

-- name: find_endpoint
-- One endpoint of a merchant in a mode.
select *
from notify.endpoints
where endpoint_id = $3 and merchant_id = $1 and livemode = $2 and deleted_at is null;

-- name: endpoint_existed
-- Whether a merchant has an endpoint in a mode, or had it and deleted it.
select exists (
    select from notify.endpoints where endpoint_id = $3 and merchant_id = $1 and livemode = $2
);

-- name: lock_endpoint
-- The same, to be changed in this transaction. Deliveries may be inserted meanwhile: their foreign key does not mind.
select *
from notify.endpoints
where endpoint_id = $3 and merchant_id = $1 and livemode = $2 and deleted_at is null
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

-- name: delete_endpoint
-- Take an endpoint away: it wants nothing from now on, and its secrets are forgotten. $4 now. One that was deleted before
-- stays as it is.
update notify.endpoints
set deleted_at = coalesce(deleted_at, $4), status = 'disabled', disabled_reason = 'by_merchant',
    secret = null, previous_secret = null, previous_expires_at = null,
    configured_tx = case when deleted_at is null then pg_current_xact_id() else configured_tx end
where endpoint_id = $3 and merchant_id = $1 and livemode = $2
returning endpoint_id;

-- name: rotate_secret
-- A new secret; the one before it signs too until a moment, or no more where there is no moment.
update notify.endpoints
set secret = $2, secret_version = secret_version + 1,
    previous_secret = case when $3::timestamptz is null then null else secret end,
    previous_expires_at = $3
where endpoint_id = $1
returning *;

-- name: newest_secrets
-- The encrypted secrets of the newest enabled endpoints.
select endpoint_id, secret from notify.endpoints where status = 'enabled' order by endpoint_id desc limit $1;
