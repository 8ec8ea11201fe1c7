-- Who uses this installation, and the keys they use it with.
create schema if not exists merchants;

create table merchants.merchants (
    merchant_id text        collate "C" primary key,
    name        text        not null check (length(name) between 1 and 200),
    created_at  timestamptz not null
);

create table merchants.api_keys (
    key_id      text        collate "C" primary key,
    merchant_id text        not null references merchants.merchants,
    kind        text        not null check (kind in ('secret', 'publishable')),
    livemode    boolean     not null,
    name        text        not null check (length(name) <= 200),
    -- SHA-256 of the whole key. The key itself is nowhere.
    key_hash    bytea       not null check (octet_length(key_hash) = 32),
    last4       text        not null check (length(last4) = 4),
    created_at  timestamptz not null,
    revoked_at  timestamptz,
    constraint api_keys_one_per_hash unique (key_hash)
);

create index api_keys_by_merchant on merchants.api_keys (merchant_id, key_id);

-- A key is never changed but for being revoked, and never deleted: the log names it as who acted.
grant usage on schema merchants to fincore_service;
grant select, insert on merchants.merchants to fincore_service;
grant select, insert, update (revoked_at) on merchants.api_keys to fincore_service;
