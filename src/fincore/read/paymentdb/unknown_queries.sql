-- name: unknown_outcomes
-- Charges and refunds with an unknown outcome at the PSP, and refunds that the PSP has not carried out, oldest first.
select
    charge_id, null as refund_id, merchant_id, livemode, psp, psp_reference,
    operation ->> 'kind' as operation,
    coalesce((operation ->> 'amount_minor')::bigint, amount_minor) as amount_minor,
    currency, unknown_since as since
from paymentdb.charges
where operation is not null and unknown_since is not null
union all
select
    r.charge_id, r.refund_id, r.merchant_id, r.livemode, c.psp, r.psp_reference, 'refund', r.amount_minor, r.currency,
    r.unknown_since
from paymentdb.refunds r
join paymentdb.charges c using (charge_id)
where r.status = 'processing' and r.unknown_since is not null
order by since, charge_id
limit $1;
