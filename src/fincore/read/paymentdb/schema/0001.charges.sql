-- The view of charges: one row per stream, as its first `version` events tell it.
create schema if not exists paymentdb;

create table paymentdb.charges (
    charge_id        text        collate "C" primary key,
    stream_id        uuid        not null,
    version          integer     not null,
    merchant_id      text        not null,
    livemode         boolean     not null,
    status           text        not null,
    amount_minor     bigint      not null,
    currency         text        not null,
    capture_method   text        not null,
    authorized_minor bigint      not null,
    captured_minor   bigint      not null,
    payment_method   text        not null,
    psp              text        not null,
    psp_account      text        not null,
    psp_reference    text,
    capture_before   timestamptz,
    description      text,
    customer_email   text,
    metadata         jsonb       not null,
    failure          jsonb,
    redirect_url     text,
    unknown_since    timestamptz,
    created_at       timestamptz not null,
    -- When the last event in the row was recorded: a rebuilt row says the same as the live one.
    updated_at       timestamptz not null,
    timeline         jsonb       not null
);

-- Every list is newest first by (created_at, charge_id), so each of these finds any page by one descent.
create index charges_newest_first on paymentdb.charges (merchant_id, livemode, created_at, charge_id);
create index charges_by_status on paymentdb.charges (merchant_id, livemode, status, created_at, charge_id);
create index charges_by_customer on paymentdb.charges (merchant_id, livemode, customer_email, created_at, charge_id)
    where customer_email is not null;
create index charges_by_metadata on paymentdb.charges using gin (metadata jsonb_path_ops);
-- Few rows at any time: the charges somebody still has to finish.
create index charges_open on paymentdb.charges (charge_id) where status = 'processing';

-- How far each consumer of the log has come; moved in the transaction that writes the consumer's effects.
create table paymentdb.checkpoints (
    consumer text        primary key,
    tx       bigint      not null,
    pos      bigint      not null,
    moved_at timestamptz not null default clock_timestamp()
);

grant usage on schema paymentdb to fincore_service;
grant select, insert, update on paymentdb.charges to fincore_service;
grant select, insert, update on paymentdb.checkpoints to fincore_service;
