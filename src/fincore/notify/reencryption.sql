-- name: lock_batch
-- The next endpoints by id that have a secret, to be changed in this transaction. $1 the id before them, $2 rows.
select endpoint_id, secret, previous_secret, previous_expires_at
from notify.endpoints
where endpoint_id > $1 and deleted_at is null
order by endpoint_id
limit $2
for no key update;

-- name: store_secrets
-- The same secrets under another key; one before them that is no more is forgotten with its time.
update notify.endpoints e
set secret = s.secret, previous_secret = s.previous_secret,
    previous_expires_at = case when s.previous_secret is not null then e.previous_expires_at end
from unnest($1::text[], $2::bytea[], $3::bytea[]) as s (endpoint_id, secret, previous_secret)
where e.endpoint_id = s.endpoint_id;
