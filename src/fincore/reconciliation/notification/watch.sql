-- name: failed_run
-- Why the last run of the role failed, if none has finished since.
select reason
from reconciliation.failed_runs
where after_run = (select coalesce(max(run_no), 0) from reconciliation.runs where finished_at is not null)
order by failure_no desc
limit 1;

-- name: keep_failed_run
-- A run of the role failed, for the reason $1. One that fails again and again is kept once.
insert into reconciliation.failed_runs (reason, after_run)
select $1, l.after_run
from (select coalesce(max(run_no), 0) as after_run from reconciliation.runs where finished_at is not null) l
where not exists (
    select
    from (select reason, after_run from reconciliation.failed_runs order by failure_no desc limit 1) f
    where f.reason = $1::text and f.after_run = l.after_run
);

-- name: old_money
-- What has no match and is older than $1 days, by account and currency: what the last run left and what was booked since. What PSPs took and
-- what they gave back are summed apart, so that neither hides the other one.
with open_before as (
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
    where entry_id > (select coalesce(max(last_entry_id), 0) from reconciliation.runs)
),
summed as (
    select a.livemode, a.owner as psp, split_part(a.name, ':', 3) as psp_account, a.currency, u.gross_minor + u.fee_minor as amount_minor
    from uncleared u
    join ledgerdb.entries e using (entry_id)
    join ledgerdb.accounts a using (account_id)
    where (u.gross_minor <> 0 or u.fee_minor <> 0) and least(u.effective_at, e.booked_at) < clock_timestamp() - make_interval(days => $1)
)
select livemode, psp, psp_account, currency, count(*) as items, coalesce(sum(amount_minor) filter (where amount_minor > 0), 0) as taken_minor,
    coalesce(sum(amount_minor) filter (where amount_minor < 0), 0) as given_back_minor
from summed
group by 1, 2, 3, 4
order by 1, 2, 3, 4;
