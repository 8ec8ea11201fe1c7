-- name: insert_merchant
-- A new merchant.
insert into merchants.merchants (merchant_id, name, created_at) values ($1, $2, $3);

-- name: list_merchants
-- All merchants, oldest first.
select merchant_id, name, created_at from merchants.merchants order by merchant_id;

-- name: page_of_merchants
-- Merchants after one of them ($1), oldest first: some ($2) or all, and those with a text in their name ($3) if it is given.
select merchant_id, name, created_at
from merchants.merchants
where ($1::text is null or merchant_id > $1) and ($2::text[] is null or merchant_id = any ($2))
  and ($3::text is null or position(lower($3) in lower(name)) > 0)
order by merchant_id
limit $4;

-- name: find_merchant
-- One merchant.
select merchant_id, name, created_at from merchants.merchants where merchant_id = $1;

-- name: is_merchant
-- Whether there is a merchant.
select exists (select from merchants.merchants where merchant_id = $1);

-- name: insert_key
-- A new key of an existing merchant; the foreign key refuses any other.
insert into merchants.api_keys (key_id, merchant_id, kind, livemode, name, key_hash, last4, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: list_keys
-- All keys of a merchant, oldest first, revoked ones included.
select key_id, merchant_id, kind, livemode, name, last4, created_at, revoked_at
from merchants.api_keys
where merchant_id = $1
order by key_id;

-- name: find_key
-- One key of a merchant.
select key_id, merchant_id, kind, livemode, name, last4, created_at, revoked_at
from merchants.api_keys
where merchant_id = $1 and key_id = $2;

-- name: revoke_key
-- Revoke a key of a merchant; the first moment stands when it is revoked again.
update merchants.api_keys
set revoked_at = coalesce(revoked_at, $3)
where merchant_id = $1 and key_id = $2;

-- name: find_keys
-- Which of some hashes are keys that may be used.
-- With each come the fee plans of its merchant that count now, as {currency: plan}; null where there are none.
select
    k.key_hash, k.key_id, k.merchant_id, k.kind, k.livemode,
    (
        select jsonb_object_agg(
            p.currency, jsonb_build_object('basis_points', p.basis_points, 'fixed_minor', p.fixed_minor)
        )
        from (
            select distinct on (currency) currency, basis_points, fixed_minor
            from merchants.fee_plans
            where merchant_id = k.merchant_id
            order by currency, plan_no desc
        ) p
    ) as fee_plans
from merchants.api_keys k
where key_hash = any ($1::bytea[]) and revoked_at is null;
