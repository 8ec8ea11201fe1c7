-- name: add_sweep
-- An operator's command is about to use the keys of some cards.
insert into vault.accesses (card_id, purpose, accessed_at, accessed_by)
select card_id, $2, $3, $4 from unnest($1::text[]) as used (card_id);

-- name: add_charge
-- The key of a card is about to be used for a token at the account of an attempt of a charge.
insert into vault.accesses (card_id, purpose, accessed_at, accessed_by, charge_id, attempt, psp, psp_account)
values ($1, 'charge', $2, $3, $4, $5, $6, $7);

-- name: list_accesses
-- The latest uses of keys, of one card, or of all where $1 is null.
select access_no, card_id, purpose, accessed_at, accessed_by, charge_id, attempt, psp, psp_account
from vault.accesses
where $1::text is null or card_id = $1
order by access_no desc
limit $2;
