-- name: uncleared_by_age
-- The clearing items of the mode $1 without a match, or of both modes where that is null, by account at the PSP, currency and age in whole
-- days as of $2. They are those that the last run left and those of entries since. $3, $4: the ages, from and to. `overdue`: those that a
-- statement should have told of by now: not before the first statement of the account began or its source was declared, and longer ago than $7 beyond what its format
-- takes; $5, $6: how long each takes.
with last_run as (
    select coalesce(max(last_entry_id), 0) as last_entry_id from reconciliation.runs
),
open_before as (
    select entry_id, account_id, bool_or(part = 'gross') as is_gross_open, bool_or(part = 'fee') as is_fee_open
    from reconciliation.open_items
    group by entry_id, account_id
),
uncleared as (
    select i.account_id, i.entry_id, i.effective_at, case when o.is_gross_open then i.gross_minor else 0 end as gross_minor,
        case when o.is_fee_open then i.fee_minor else 0 end as fee_minor
    from open_before o
    join ledgerdb.clearing_items i using (entry_id, account_id)
    union all
    select account_id, entry_id, effective_at, gross_minor, fee_minor
    from ledgerdb.clearing_items
    where entry_id > (select last_entry_id from last_run)
),
statements as (
    select s.livemode, s.psp, s.psp_account, max(d.delay) as delay,
        least(min(s.declared_at), (
            select least(
                min(f.period_start) filter (where f.status = 'booked'),
                min(date_trunc('day', f.fetched_at, 'UTC') - interval '1 day') filter (where f.period_start is null)
            )
            from reconciliation.files f
            where (f.livemode, f.psp, f.psp_account) = (s.livemode, s.psp, s.psp_account)
        )) as covered_from
    from reconciliation.sources s
    join unnest($5::text[], $6::interval[]) as d (format, delay) using (format)
    where s.withdrawn_at is null
    group by s.livemode, s.psp, s.psp_account
),
aged as (
    select a.livemode, a.owner as psp, split_part(a.name, ':', 3) as psp_account, a.currency, least(u.effective_at, e.booked_at) as since,
        reconciliation.item_counts_from(u.effective_at, e.booked_at, e.livemode) as counts_from, u.gross_minor + u.fee_minor as amount_minor,
        greatest(floor(extract(epoch from $2::timestamptz - least(u.effective_at, e.booked_at)) / 86400), 0) as days
    from uncleared u
    join ledgerdb.entries e using (entry_id)
    join ledgerdb.accounts a using (account_id)
    where ($1::boolean is null or a.livemode = $1) and (u.gross_minor <> 0 or u.fee_minor <> 0)
)
select d.livemode, d.psp, d.psp_account, d.currency, g.bucket, count(*) as items, sum(d.amount_minor) as amount_minor,
    min(d.since) as oldest_at,
    count(*) filter (where d.counts_from >= s.covered_from and d.counts_from + s.delay + $7::interval < $2) as overdue
from aged d
left join statements s using (livemode, psp, psp_account)
join unnest($3::int[], $4::int[]) with ordinality as g (from_days, to_days, bucket)
    on d.days >= g.from_days and (g.to_days is null or d.days <= g.to_days)
group by d.livemode, d.psp, d.psp_account, d.currency, g.bucket
order by d.livemode, d.psp, d.psp_account, d.currency, g.bucket;
