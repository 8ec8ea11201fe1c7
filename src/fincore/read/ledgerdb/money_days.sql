-- name: money_days
-- What some PSPs ($2) took for us on each day from $3 to $4, by currency, in the mode $1: what their clearing accounts were debited with.
-- It may be beyond bigint.
select d.day, a.currency, sum(d.debit_minor) as taken_minor
from ledgerdb.accounts a
join ledgerdb.account_days d using (account_id)
where a.livemode = $1 and a.owner = any ($2::text[]) and split_part(a.name, ':', 4) = 'clearing'
  and d.day between $3::date and $4::date and d.debit_minor > 0
group by d.day, a.currency
order by d.day, a.currency;
