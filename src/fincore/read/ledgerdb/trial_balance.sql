-- name: balances
-- Each account of the mode $1 that was used by the entry $2, with what its last posting up to that entry left, debits positive.
select a.name, a.currency, a.type, last.balance_after_minor * case a.normal_side when 'debit' then 1 else -1 end as debit_minor
from ledgerdb.accounts a
cross join lateral (
    select p.balance_after_minor
    from ledgerdb.postings p
    where p.account_id = a.account_id and p.entry_id <= $2
    order by p.entry_id desc, p.leg desc
    limit 1
) last
where a.livemode = $1;

-- name: rows
-- The accounts after the name $3 (all where that is null) in the currency $4 (any where that is null), $5 at most.
with balances as (
    {balances}
)
select name, currency, type, debit_minor
from balances
where ($3::text is null or name > $3) and ($4::text is null or currency = $4)
order by name
limit $5;

-- name: totals
-- What all accounts of each currency come to, which may be beyond the range of bigint; only $3 where that is given.
with balances as (
    {balances}
)
select currency, count(*) as accounts, sum(greatest(debit_minor, 0)) as debit_minor,
    sum(greatest(-debit_minor, 0)) as credit_minor
from balances
where $3::text is null or currency = $3
group by currency
order by currency;
