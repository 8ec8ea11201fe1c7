-- How the review of a charge stands, to list and filter by. Null for a charge that the rules did not send to review: the view holds
-- no other yet, so that nothing is folded again.
alter table paymentdb.charges
    add column review_status text,
    add column review_decide_by timestamptz;

create index charges_by_review on paymentdb.charges (merchant_id, livemode, review_status, created_at, charge_id)
    where review_status is not null;
create index charges_to_review on paymentdb.charges (review_decide_by, charge_id)
    where review_status in ('open', 'captured_by_psp');
