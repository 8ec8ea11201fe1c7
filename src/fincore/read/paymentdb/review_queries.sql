-- name: list_reviews
-- The charges with a review that stands in one of some ways ($1), those that are decided soonest first.
select *
from paymentdb.charges
where review_status = any ($1::text[])
order by review_decide_by nulls last, charge_id
limit $2;

-- name: measure_reviews
-- How many reviews are open, how many of them are decided without a person before $1, and how many charges the PSP captured.
select
    count(*) filter (where review_status = 'open') as open,
    count(*) filter (where review_status = 'open' and review_decide_by < $1::timestamptz) as due_soon,
    count(*) filter (where review_status = 'captured_by_psp') as captured_by_psp
from paymentdb.charges
where review_status in ('open', 'captured_by_psp');
