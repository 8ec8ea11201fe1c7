-- name: unknown_outcomes
-- Charges and refunds with an unknown outcome at the PSP, refunds that the PSP has not carried out, and abandoned attempts with
-- money that has not gone back, or of which the PSP could not say whether they have any ($2), oldest first; of one mode ($3) and of some merchants ($4), where named; after the time $5,
-- the charge $6, and the refund or attempt $7 of it, where given.
with unknown as (
    select
        charge_id, null as refund_id, null::int as attempt, merchant_id, livemode, psp, psp_account, psp_reference,
        operation ->> 'kind' as operation,
        coalesce((operation ->> 'amount_minor')::bigint, amount_minor) as amount_minor,
        currency, unknown_since as since
    from paymentdb.charges
    where operation is not null and unknown_since is not null
      and ($3::boolean is null or livemode = $3) and ($4::text[] is null or merchant_id = any ($4))
    union all
    select
        r.charge_id, r.refund_id, null, r.merchant_id, r.livemode, c.psp, c.psp_account, r.psp_reference, 'refund',
        r.amount_minor, r.currency, r.unknown_since
    from paymentdb.refunds r
    join paymentdb.charges c using (charge_id)
    where r.status = 'processing' and r.unknown_since is not null
      and ($3::boolean is null or r.livemode = $3) and ($4::text[] is null or r.merchant_id = any ($4))
    union all
    select
        c.charge_id, null, (one ->> 'number')::int, c.merchant_id, c.livemode, one ->> 'psp', one ->> 'psp_account',
        one ->> 'psp_reference', 'reverse', coalesce(nullif((one ->> 'money_minor')::bigint, 0), c.amount_minor), c.currency,
        coalesce(one ->> 'reversal_requested_at', one ->> 'abandoned_at')::timestamptz
    from paymentdb.charges c
    cross join lateral jsonb_array_elements(c.attempts -> 'abandoned') as one
    where
        c.attempts -> 'abandoned' is not null
        and ($3::boolean is null or c.livemode = $3) and ($4::text[] is null or c.merchant_id = any ($4))
        and (
            one ->> 'status' in ('captured', 'authorized', 'reversal_failed')
            or (one ->> 'status' = 'abandoned' and c.charge_id || ' ' || (one ->> 'number') = any ($2::text[]))
        )
)
select *
from unknown
where $5::timestamptz is null
    or (since, charge_id collate "C", coalesce(refund_id, attempt::text, '') collate "C") > ($5, $6::text, $7::text)
order by since, charge_id collate "C", coalesce(refund_id, attempt::text, '') collate "C"
limit $1;
