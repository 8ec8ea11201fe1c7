-- Lists of charges by what support and finance people ask for; each finds any page, newest first, by one descent.
create index charges_by_psp_reference on paymentdb.charges (merchant_id, livemode, psp_reference)
    where psp_reference is not null;
create index charges_by_amount on paymentdb.charges (merchant_id, livemode, amount_minor, created_at, charge_id);
create index charges_by_currency on paymentdb.charges (merchant_id, livemode, currency, created_at, charge_id);
create index charges_disputed on paymentdb.charges (merchant_id, livemode, created_at, charge_id)
    where disputes is not null;

-- Refunds and disputes say when they were last updated by another rule than the rows of before, so the view begins anew:
-- the projectionist folds the log again from its beginning.
truncate paymentdb.charges, paymentdb.refunds, paymentdb.disputes, paymentdb.events;
delete from paymentdb.checkpoints where consumer = 'projectionist';
delete from paymentdb.parked_streams where consumer = 'projectionist';
