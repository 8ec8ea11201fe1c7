-- name: forget_some
-- Erase the next cards under a key that is lost, $3 at most, and record that. How many there were; no row where none is left.
with doomed as (
    select card_id
    from vault.cards
    where key_id = $1 and key_check = $2 and deleted_at is null
    order by card_id
    limit $3
    for update
),
erased as (
    update vault.cards c
    set deleted_at = $4, deleted_by = 'forgotten_key:' || $1, first6 = null, key_id = null, key_check = null, wrapped_key = null,
        content = null, fingerprint = null, fingerprint_key_check = null
    from doomed
    where c.card_id = doomed.card_id
    returning c.card_id
)
insert into vault.forgotten_keys (key_id, key_check, cards, forgotten_at, forgotten_by, reason)
select $1, $2, count(*), $4, $5, $6 from erased having count(*) > 0
returning cards;
