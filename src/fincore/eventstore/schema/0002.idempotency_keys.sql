-- One row per Idempotency-Key a merchant used, written in the same commit as what the request did.
create table eventstore.idempotency_keys (
    merchant_id     text        not null,
    livemode        boolean     not null,
    key             text        not null,
    fingerprint     bytea       not null,
    response_status smallint    not null,
    response_body   bytea       not null,
    location        text,
    -- While the first request still waits for the outcome, its answer may change once; after this moment it is final.
    in_flight_until timestamptz,
    created_at      timestamptz not null default clock_timestamp(),
    primary key (merchant_id, livemode, key)
);

create index idempotency_keys_by_age on eventstore.idempotency_keys (created_at);

grant select, insert, update, delete on eventstore.idempotency_keys to fincore_service;
