-- name: take_turn_of_key
-- Requests with one key are made one after the other, until the transaction ends.
select pg_advisory_xact_lock(hashtextextended(format('fincore.idempotency_key:%s:%s:%s', $1::text, $2::boolean, $3::text), 0));

-- name: store_response
-- Store the response of an idempotency key; true unless an earlier transaction used the key.
insert into eventstore.idempotency_keys (merchant_id, livemode, key, fingerprint, response_status, response_body, location)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict do nothing
returning true;
