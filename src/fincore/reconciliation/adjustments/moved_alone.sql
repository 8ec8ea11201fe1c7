-- name: adjusted_today
-- What the person who is counted as $1, or has the subject $5, adjusted and took back alone in a currency and mode on the day of $4, by UTC:
-- gross and fee, each without its sign. The sum may be beyond the range of bigint.
select coalesce(sum(abs(gross_minor::numeric) + abs(fee_minor::numeric)), 0)::numeric
from (
    select a.gross_minor, a.fee_minor, a.counted_for, a.decided_at, a.currency, a.livemode, a.booked -> 'staff' as staff
    from reconciliation.adjustments a
    union all
    select a.gross_minor, a.fee_minor, r.counted_for, r.decided_at, a.currency, a.livemode, r.reversed -> 'staff'
    from reconciliation.adjustment_reversals r
    join reconciliation.adjustments a using (adjustment_id)
) acts
where (counted_for = $1 or staff ->> 'subject' = $5) and staff -> 'agreement' is null and currency = $2 and livemode = $3
  and decided_at >= date_trunc('day', $4::timestamptz, 'UTC') and decided_at < date_trunc('day', $4::timestamptz, 'UTC') + interval '1 day';
