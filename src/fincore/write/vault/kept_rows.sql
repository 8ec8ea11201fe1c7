-- name: count_by_key
-- How many cards each key-encryption key encrypts.
select key_id, key_check, count(*) as cards
from vault.cards
where deleted_at is null
group by key_id, key_check
order by key_id, key_check;

-- name: exists_any
-- Whether there is a card that is not deleted.
select exists (select from vault.cards where deleted_at is null);

-- name: read_one
-- A card that is not deleted.
select
    card_id, merchant_id, livemode, first6, last4, expiry_month, expiry_year, key_id, key_check, wrapped_key, content,
    fingerprint, fingerprint_key_check
from vault.cards
where card_id = $1 and deleted_at is null;

-- name: read_after
-- The next cards by id that are not deleted. $1 the id before them, $2 rows.
select
    card_id, merchant_id, livemode, first6, last4, expiry_month, expiry_year, key_id, key_check, wrapped_key, content,
    fingerprint, fingerprint_key_check
from vault.cards
where card_id > $1 and deleted_at is null
order by card_id
limit $2;

-- name: read_not_current_after
-- The same of those under another key than the current one, $2 and $3, or with a fingerprint under another key than $4.
select
    card_id, merchant_id, livemode, first6, last4, expiry_month, expiry_year, key_id, key_check, wrapped_key, content,
    fingerprint, fingerprint_key_check
from vault.cards
where card_id > $1 and deleted_at is null and (key_id <> $2 or key_check <> $3 or fingerprint_key_check <> $4)
order by card_id
limit $5;

-- name: replace_keys
-- Other keys for some cards, where those that were read ($2, $3) are still there: a deletion or another rotation comes first.
update vault.cards c
set key_id = n.key_id, key_check = n.key_check, wrapped_key = n.wrapped_key, fingerprint = n.fingerprint,
    fingerprint_key_check = n.fingerprint_key_check
from unnest(
    $1::text[], $2::bytea[], $3::bytea[], $4::text[], $5::bytea[], $6::bytea[], $7::bytea[], $8::bytea[]
) as n (card_id, read_wrapped_key, read_fingerprint, key_id, key_check, wrapped_key, fingerprint, fingerprint_key_check)
where c.card_id = n.card_id and c.wrapped_key = n.read_wrapped_key and c.fingerprint = n.read_fingerprint
    and c.deleted_at is null
returning c.card_id;
