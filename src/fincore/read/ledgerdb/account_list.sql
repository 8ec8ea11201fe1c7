-- name: list_accounts
-- The accounts of the mode $1 that were used by the entry $3, by name, $2 at most, as their last posting up to that entry left them.
select a.name, a.type, a.normal_side, a.currency, a.owner, last.balance_after_minor as balance_minor, last.account_version as version
from ledgerdb.accounts a
cross join lateral (
    select p.balance_after_minor, p.account_version
    from ledgerdb.postings p
    where p.account_id = a.account_id and p.entry_id <= $3
    order by p.entry_id desc, p.leg desc
    limit 1
) last
where a.livemode = $1{conditions}
order by a.name
limit $2;

-- name: with_prefix
-- Those of which the name begins with a text.
starts_with(a.name, {value});

-- name: of_currency
-- Those in one currency.
a.currency = {value};

-- name: of_owners
-- Those of some merchants.
a.owner = any ({value}::text[]);

-- name: after_name
-- Those that come after one in the list.
a.name > {value};
