-- name: unclear_balances
-- What each clearing account holds that the PSP has not settled, and since when the oldest of it is there: what goes out
-- clears what came in first. What an account took over from a retired one is as old as it was there.
with held as (
    select account_id, livemode, name, owner, split_part(name, ':', 3) as psp_account, currency, normal_side, balance_minor
    from ledgerdb.accounts
    where name like 'psp:%' and split_part(name, ':', 4) = 'clearing' and balance_minor <> 0
),
histories as (
    select account_id, account_id as part_id from held
    union all
    select h.account_id, r.account_id
    from held h
    join ledgerdb.accounts r
        on r.is_retired and r.livemode = h.livemode and r.name = concat_ws(':', 'psp', h.owner, 'clearing', h.currency)
    where h.psp_account = case when h.livemode then 'live' else 'test' end
),
moved as (
    select e.entry_id
    from ledgerdb.chart_changes c
    join ledgerdb.entries e on e.booked_at = c.changed_at and e.source = 'upgrade'
),
posted as (
    select t.account_id, p.entry_id, p.leg, p.side, p.amount_minor
    from histories t
    join ledgerdb.postings p on p.account_id = t.part_id
    where p.entry_id not in (select entry_id from moved)
),
cleared as (
    select h.account_id, coalesce(sum(p.amount_minor) filter (where p.side <> h.normal_side), 0) as out_minor
    from held h
    join posted p using (account_id)
    group by h.account_id
),
came_in as (
    select
        p.account_id, e.effective_at,
        sum(p.amount_minor) over (partition by p.account_id order by e.effective_at, p.entry_id, p.leg) as in_minor
    from held h
    join posted p on p.account_id = h.account_id and p.side = h.normal_side
    join ledgerdb.entries e using (entry_id)
)
select
    h.livemode, h.name, h.owner as psp, h.psp_account, h.currency, h.balance_minor,
    (
        select min(i.effective_at) from came_in i where i.account_id = h.account_id and i.in_minor > c.out_minor
    ) as oldest_at
from held h
join cleared c using (account_id)
order by h.livemode, h.name;
