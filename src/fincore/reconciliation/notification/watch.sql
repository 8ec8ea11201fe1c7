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
-- What the last run left without a match that is older than $1 days, by account and currency.
select a.livemode, a.owner as psp, split_part(a.name, ':', 3) as psp_account, a.currency, count(distinct (o.entry_id, o.account_id)) as items,
    sum(case o.part when 'gross' then i.gross_minor else i.fee_minor end)::bigint as amount_minor
from reconciliation.open_items o
join ledgerdb.clearing_items i using (entry_id, account_id)
join ledgerdb.entries e using (entry_id)
join ledgerdb.accounts a using (account_id)
where least(i.effective_at, e.booked_at) < clock_timestamp() - make_interval(days => $1)
group by 1, 2, 3, 4
having sum(case o.part when 'gross' then i.gross_minor else i.fee_minor end) <> 0
order by 1, 2, 3, 4;
