-- How a charge is paid, with which instrument, and by which attempts. The view begins anew: the projectionist folds the log again
-- from its beginning. A single object is read from the log until then.
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
    add column return_page text;
