-- name: find_signing_key
-- The key that signs now.
select key_id, private_key, public_key from staff.signing_keys where retired_at is null;

-- name: retire_signing_key
-- Retire the key with an id.
update staff.signing_keys set retired_at = clock_timestamp() where key_id = $1 and retired_at is null;

-- name: add_signing_key
-- Let a key sign, unless there is one that does.
insert into staff.signing_keys (key_id, public_key, private_key) values ($1, $2, $3)
on conflict do nothing
returning key_id;

-- name: list_public_keys
-- The public keys of the key that signs, and of those that were retired not long ago.
select public_key from staff.signing_keys
where retired_at is null or retired_at > clock_timestamp() - make_interval(secs => $1)
order by begun_at desc;

-- name: signing_since
-- Since when the key signs that signs now.
select begun_at from staff.signing_keys where retired_at is null;
