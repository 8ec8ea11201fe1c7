-- Reports of the PSP that wait for a person, and what disputes have moved in each currency in which the PSP settles. The
-- view begins anew: the projectionist folds the log again from its beginning. A single object is read from the log until then.
truncate paymentdb.charges, paymentdb.refunds, paymentdb.disputes, paymentdb.events;
delete from paymentdb.parked_streams where consumer = 'projectionist';
delete from paymentdb.checkpoints where consumer = 'projectionist';

alter table paymentdb.charges add column held_reports jsonb;

alter table paymentdb.disputes
    add column movements jsonb not null,
    drop column movements_currency,
    drop column withdrawn_minor,
    drop column withdrawn_fee_minor,
    drop column reinstated_minor,
    drop column reinstated_fee_minor;
