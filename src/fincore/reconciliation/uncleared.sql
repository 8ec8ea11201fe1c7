-- name: uncleared_by_age
-- The clearing items of a mode without a match, by account at the PSP, currency and age in whole days as of $2. They are those that the
-- last run left and those of entries since.
with last_run as (
    select coalesce(max(last_entry_id), 0) as last_entry_id from reconciliation.runs
),
open_parts as (
    select entry_id, account_id, part from reconciliation.open_items
    union all
    select i.entry_id, i.account_id, p.part
    from ledgerdb.clearing_items i
    cross join (values ('gross'), ('fee')) as p (part)
    where i.entry_id > (select last_entry_id from last_run)
),
aged as (
    select a.name, a.owner as psp, split_part(a.name, ':', 3) as psp_account, a.currency, i.effective_at, o.entry_id, o.account_id,
        case o.part when 'gross' then i.gross_minor else i.fee_minor end as amount_minor,
        greatest(floor(extract(epoch from $2::timestamptz - i.effective_at) / 86400), 0) as days
    from open_parts o
    join ledgerdb.clearing_items i using (entry_id, account_id)
    join ledgerdb.accounts a using (account_id)
    where a.livemode = $1
)
select psp, psp_account, currency, g.bucket, count(distinct (d.entry_id, d.account_id)) as items,
    sum(d.amount_minor)::bigint as amount_minor, min(d.effective_at) as oldest_at
from aged d
join unnest($3::int[], $4::int[]) with ordinality as g (from_days, to_days, bucket)
    on d.days >= g.from_days and (g.to_days is null or d.days <= g.to_days)
where d.amount_minor <> 0
group by psp, psp_account, currency, g.bucket
order by psp, psp_account, currency, g.bucket;
