-- name: list_reviews
-- The charges with a review that stands in one of some ways ($1), those that are decided soonest first.
select *
from paymentdb.charges
where review_status = any ($1::text[])
order by review_decide_by nulls last, charge_id
limit $2;

-- name: list_waiting_reviews
-- The charges of a mode ($1), and of some merchants where they are named ($2), that wait for a decision, those that are decided
-- soonest first, after a charge ($3) where one is named.
select *
from paymentdb.charges
where review_status in ('open', 'captured_by_psp') and livemode = $1 and ($2::text[] is null or merchant_id = any ($2))
  and (
      $3::text is null
      or (coalesce(review_decide_by, 'infinity'), charge_id) > (
          select coalesce(a.review_decide_by, 'infinity'), a.charge_id from paymentdb.charges a where a.charge_id = $3 and a.livemode = $1
      )
  )
order by coalesce(review_decide_by, 'infinity'), charge_id
limit $4;

-- name: measure_reviews
-- How many reviews are open, how many of them are decided without a person before $1, and how many charges the PSP captured.
select
    count(*) filter (where review_status = 'open') as open,
    count(*) filter (where review_status = 'open' and review_decide_by < $1::timestamptz) as due_soon,
    count(*) filter (where review_status = 'captured_by_psp') as captured_by_psp
from paymentdb.charges
where review_status in ('open', 'captured_by_psp');
