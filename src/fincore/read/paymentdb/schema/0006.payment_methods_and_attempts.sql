-- How a charge is paid, with which instrument, and by which attempts; the fee that came back with a refund. The view begins
-- anew: the projectionist folds the log again from its beginning. A single object is read from the log until then.
truncate paymentdb.charges, paymentdb.refunds, paymentdb.disputes, paymentdb.events;
delete from paymentdb.parked_streams where consumer = 'projectionist';
delete from paymentdb.checkpoints where consumer = 'projectionist';

alter table paymentdb.charges
    alter column payment_method drop not null,
    add column payment_method_type text not null,
    add column cancel_url text,
    add column instrument jsonb,
    add column authorized_at timestamptz,
    add column pending_until timestamptz,
    add column attempts jsonb,
    add column return_page text,
    -- What the charge is called at PSPs beside psp_reference: parts of its payment, refunds, disputes, other attempts.
    add column other_references jsonb;

-- Few rows: the charges that went from one account to another.
create index charges_rerouted on paymentdb.charges (charge_id) where attempts -> 'abandoned' is not null;

-- What the PSP gave back of its own fee with the refund; null where it told of none.
alter table paymentdb.refunds
    add column fee_minor bigint,
    add column fee_currency text;

-- Lists by what a customer can say of a payment, and by any id that a PSP shows; each finds any page by one descent.
create index charges_by_last4 on paymentdb.charges
    (merchant_id, livemode, (instrument ->> 'last4'), created_at, charge_id) where instrument is not null;
create index charges_by_brand on paymentdb.charges
    (merchant_id, livemode, (instrument ->> 'brand'), created_at, charge_id) where instrument is not null;
create index charges_by_other_reference on paymentdb.charges using gin (other_references jsonb_path_ops)
    where other_references is not null;
