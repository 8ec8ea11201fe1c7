-- name: unclear_balances
-- The clearing accounts that are not at zero.
select livemode, name, owner as psp, split_part(name, ':', 3) as psp_account, currency, balance_minor
from ledgerdb.accounts
where name like 'psp:%' and split_part(name, ':', 4) = 'clearing' and balance_minor <> 0
order by livemode, name;
