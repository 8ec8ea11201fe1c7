-- name: store_answer
-- The answer of an idempotency key; true unless the key was used before, by whoever committed first.
insert into eventstore.idempotency_keys (merchant_id, livemode, key, fingerprint, response_status, response_body, location)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict do nothing
returning true;
