-- name: add_card
-- A card that is kept from now on.
insert into vault.cards (
    card_id, merchant_id, livemode, brand, first6, last4, expiry_month, expiry_year, kept_at, kept_by,
    key_id, key_check, wrapped_key, content, fingerprint, fingerprint_key_check
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16);

-- name: find_card
-- What may be shown of a card of a merchant.
select card_id, livemode, brand, first6, last4, expiry_month, expiry_year, kept_at, deleted_at
from vault.cards
where card_id = $1 and merchant_id = $2 and livemode = $3;

-- name: list_cards
-- The same of the cards of a merchant that are not deleted, newest first. $3 is the card before them, null at the start.
select card_id, livemode, brand, first6, last4, expiry_month, expiry_year, kept_at, deleted_at
from vault.cards
where merchant_id = $1 and livemode = $2 and deleted_at is null and ($3::text is null or card_id < $3)
order by card_id desc
limit $4;

-- name: erase_card
-- A card's keys and ciphertext are erased; its row stays.
update vault.cards
set deleted_at = $4, deleted_by = $5, first6 = null, key_id = null, key_check = null, wrapped_key = null, content = null,
    fingerprint = null, fingerprint_key_check = null
where card_id = $1 and merchant_id = $2 and livemode = $3 and deleted_at is null;

-- name: card_existed
-- Whether a merchant has kept a card, deleted or not.
select true from vault.cards where card_id = $1 and merchant_id = $2 and livemode = $3;
