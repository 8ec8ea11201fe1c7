-- Refunds, disputes and events of charges, each a table of its own. The view of charges holds more than its rows of before
-- can tell, so it begins anew: the projectionist folds the log again from its beginning.
drop table paymentdb.charges;
delete from paymentdb.checkpoints where consumer = 'projectionist';

create table paymentdb.charges (
    charge_id          text        collate "C" primary key,
    stream_id          uuid        not null,
    version            integer     not null,
    merchant_id        text        not null,
    livemode           boolean     not null,
    status             text        not null,
    amount_minor       bigint      not null,
    currency           text        not null,
    capture_method     text        not null,
    authorized_minor   bigint      not null,
    captured_minor     bigint      not null,
    refunded_minor     bigint      not null,
    refundable_minor   bigint      not null,
    -- The PSP's fee, in the currency it settles in; null while it is not known.
    fee_minor          bigint,
    fee_currency       text,
    fee_plan           jsonb,
    payment_method     text        not null,
    psp                text        not null,
    psp_account        text        not null,
    psp_reference      text,
    capture_before     timestamptz,
    description        text,
    customer_email     text,
    metadata           jsonb       not null,
    return_url         text,
    redirect_url       text,
    failure            jsonb,
    -- What the PSP is being asked at the moment, and why it did not do what it was asked last.
    operation          jsonb,
    operation_failure  jsonb,
    captures_requested integer     not null,
    cancels_requested  integer     not null,
    unknown_since      timestamptz,
    -- What the next event of the charge is folded onto; null where there are none, as with nearly every charge. The tables
    -- below hold the same refunds and disputes for lists.
    refunds            jsonb,
    disputes           jsonb,
    created_at         timestamptz not null,
    -- When the last event in the row was recorded: a rebuilt row says the same as the live one.
    updated_at         timestamptz not null
);

-- Every list is newest first by (created_at, charge_id), so each of these finds any page by one descent.
create index charges_newest_first on paymentdb.charges (merchant_id, livemode, created_at, charge_id);
create index charges_by_status on paymentdb.charges (merchant_id, livemode, status, created_at, charge_id);
create index charges_by_customer on paymentdb.charges (merchant_id, livemode, customer_email, created_at, charge_id)
    where customer_email is not null;
create index charges_by_metadata on paymentdb.charges using gin (metadata jsonb_path_ops);
-- Few rows at any time: the charges somebody still has to finish.
create index charges_open on paymentdb.charges (charge_id) where operation is not null;

create table paymentdb.refunds (
    refund_id     text        collate "C" primary key,
    charge_id     text        collate "C" not null,
    -- The version of the charge's stream that last changed the refund.
    version       integer     not null,
    merchant_id   text        not null,
    livemode      boolean     not null,
    status        text        not null,
    amount_minor  bigint      not null,
    currency      text        not null,
    reason        text,
    origin        text        not null,
    metadata      jsonb       not null,
    psp_reference text,
    failure_code  text,
    unknown_since timestamptz,
    created_at    timestamptz not null,
    -- The PSP's time of the last fact.
    updated_at    timestamptz not null
);

create index refunds_newest_first on paymentdb.refunds (merchant_id, livemode, created_at, refund_id);
create index refunds_by_status on paymentdb.refunds (merchant_id, livemode, status, created_at, refund_id);
create index refunds_by_charge on paymentdb.refunds (charge_id, created_at, refund_id);
create index refunds_open on paymentdb.refunds (refund_id) where status = 'processing';

create table paymentdb.disputes (
    dispute_id           text        collate "C" primary key,
    charge_id            text        collate "C" not null,
    -- The version of the charge's stream that last changed the dispute.
    version              integer     not null,
    merchant_id          text        not null,
    livemode             boolean     not null,
    psp_reference        text        not null,
    status               text        not null,
    is_inquiry           boolean     not null,
    amount_minor         bigint      not null,
    currency             text        not null,
    reason               text        not null,
    evidence_due_by      timestamptz,
    -- Movements are in the currency the PSP settles in.
    movements_currency   text,
    withdrawn_minor      bigint      not null,
    withdrawn_fee_minor  bigint      not null,
    reinstated_minor     bigint      not null,
    reinstated_fee_minor bigint      not null,
    opened_at            timestamptz not null,
    updated_at           timestamptz not null
);

create index disputes_newest_first on paymentdb.disputes (merchant_id, livemode, opened_at, dispute_id);
create index disputes_by_status on paymentdb.disputes (merchant_id, livemode, status, opened_at, dispute_id);
create index disputes_by_charge on paymentdb.disputes (charge_id, opened_at, dispute_id);

-- What merchants may see of each event. Lists are newest first by (recorded_at, event_id): the places of the log change
-- when it is restored into another server, these do not.
create table paymentdb.events (
    event_id    uuid        primary key,
    charge_id   text        collate "C" not null,
    version     integer     not null,
    merchant_id text        not null,
    livemode    boolean     not null,
    type        text        not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    data        jsonb       not null
);

create unique index events_by_charge on paymentdb.events (charge_id, version);
create index events_newest_first on paymentdb.events (merchant_id, livemode, recorded_at, event_id);
create index events_by_type on paymentdb.events (merchant_id, livemode, type, recorded_at, event_id);

grant select, insert, update on paymentdb.charges to fincore_service;
grant select, insert, update on paymentdb.refunds to fincore_service;
grant select, insert, update on paymentdb.disputes to fincore_service;
grant select, insert on paymentdb.events to fincore_service;
