-- name: unknown
-- Outcomes at PSPs that are unknown, in the mode $1 and of the merchants $2 (null: of all): how many, counted up to $3 of each kind, and since when.
-- Those of unknown_queries.sql: $4 are the attempts of which the PSP could not say whether they have money.
select count(*) as count, min(since) as oldest_at, null::timestamptz as due_at
from (
    (
        select unknown_since as since
        from paymentdb.charges
        where (livemode::int) = $1::int and unknown_since is not null and operation is not null
          and ($2::text[] is null or merchant_id = any ($2))
        order by created_at, charge_id
        limit $3
    )
    union all
    (
        select unknown_since
        from paymentdb.refunds
        where status = 'processing' and unknown_since is not null and livemode = ($1 = 1)
          and ($2::text[] is null or merchant_id = any ($2))
        order by refund_id
        limit $3
    )
    union all
    (
        select coalesce(one ->> 'reversal_requested_at', one ->> 'abandoned_at')::timestamptz
        from paymentdb.charges
        cross join lateral jsonb_array_elements(attempts -> 'abandoned') as one
        where attempts -> 'abandoned' is not null and livemode = ($1 = 1)
          and ($2::text[] is null or merchant_id = any ($2))
          and (
              one ->> 'status' in ('captured', 'authorized', 'reversal_failed')
              or (one ->> 'status' = 'abandoned' and charge_id || ' ' || (one ->> 'number') = any ($4::text[]))
          )
        order by charge_id
        limit $3
    )
) unknown;

-- name: reviews
-- Charges of which a person has to decide the review: how many, the oldest, and when the first is decided without a person.
select count(*) as count, min(created_at) as oldest_at, min(review_decide_by) as due_at
from (
    (
        select created_at, review_decide_by
        from paymentdb.charges
        where (livemode::int) = $1::int and review_status = 'open' and ($2::text[] is null or merchant_id = any ($2))
        order by created_at, charge_id
        limit $3
    )
    union all
    (
        select created_at, null
        from paymentdb.charges
        where (livemode::int) = $1::int and review_status = 'captured_by_psp' and ($2::text[] is null or merchant_id = any ($2))
        order by created_at, charge_id
        limit $3
    )
) review;

-- name: disputes
-- Disputes that wait for evidence: how many, the oldest, and the first deadline.
select count(*) as count, min(opened_at) as oldest_at, min(evidence_due_by) as due_at
from (
    select opened_at, evidence_due_by
    from paymentdb.disputes
    where (livemode::int) = $1::int and status = 'needs_response' and ($2::text[] is null or merchant_id = any ($2))
    order by evidence_due_by, dispute_id
    limit $3
) dispute;

-- name: held_reports
-- Charges with reports of the PSP that are held for a person: how many, and the oldest charge.
select count(*) as count, min(created_at) as oldest_at, null::timestamptz as due_at
from (
    select created_at
    from paymentdb.charges
    where (livemode::int) = $1::int and held_reports is not null and ($2::text[] is null or merchant_id = any ($2))
    order by created_at, charge_id
    limit $3
) held;

-- name: rates
-- Charges of each hour from $2 on, $3 hours, by account: of an hour the first $4 are looked at.
select h.hour, c.psp, c.psp_account, count(*) as accepted,
    count(*) filter (where c.status in ('succeeded', 'authorized')) as succeeded,
    count(*) filter (where c.status = 'failed') as failed,
    count(*) filter (where c.status in ('processing', 'requires_action')) as unfinished
from generate_series($2::timestamptz, $2::timestamptz + make_interval(hours => $3 - 1), interval '1 hour') h (hour)
cross join lateral (
    select psp, psp_account, status
    from paymentdb.charges
    where (livemode::int) = $1::int and created_at >= h.hour and created_at < h.hour + interval '1 hour'
    order by created_at, charge_id
    limit $4
) c
group by h.hour, c.psp, c.psp_account
order by h.hour, c.psp, c.psp_account;

-- name: rates_of_merchants
-- The same of some merchants: of each the first $5 of an hour.
select h.hour, c.psp, c.psp_account, count(*) as accepted,
    count(*) filter (where c.status in ('succeeded', 'authorized')) as succeeded,
    count(*) filter (where c.status = 'failed') as failed,
    count(*) filter (where c.status in ('processing', 'requires_action')) as unfinished
from generate_series($3::timestamptz, $3::timestamptz + make_interval(hours => $4 - 1), interval '1 hour') h (hour)
cross join unnest($2::text[]) m (merchant_id)
cross join lateral (
    select psp, psp_account, status
    from paymentdb.charges
    where merchant_id = m.merchant_id and livemode = ($1 = 1) and created_at >= h.hour and created_at < h.hour + interval '1 hour'
    order by created_at, charge_id
    limit $5
) c
group by h.hour, c.psp, c.psp_account
order by h.hour, c.psp, c.psp_account;
