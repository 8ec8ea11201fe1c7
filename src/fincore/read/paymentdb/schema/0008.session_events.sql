-- Events of checkout sessions beside those of charges: the ones that merchants are told. An event is of the one or the other.
-- The view begins anew: the projectionist folds the log again from its beginning. A single object is read from the log until
-- then.
truncate paymentdb.charges, paymentdb.refunds, paymentdb.disputes, paymentdb.events, paymentdb.checkout_sessions;
delete from paymentdb.parked_streams where consumer = 'projectionist';
delete from paymentdb.checkpoints where consumer = 'projectionist';

alter table paymentdb.events
    alter column charge_id drop not null,
    add column session_id text collate "C",
    add constraint events_of_one check (num_nonnulls(charge_id, session_id) = 1);

create unique index events_by_session on paymentdb.events (session_id, version) where session_id is not null;
