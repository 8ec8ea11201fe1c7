-- name: account
-- An account of the mode $1 by its name, of the merchants $3 where these are given.
select account_id, name, type, normal_side, currency, owner, balance_minor, version
from ledgerdb.accounts
where livemode = $1 and name = $2 and ($3::text[] is null or owner = any ($3));

-- name: balance_after
-- What the last posting of the account $1 up to the entry $2 left, and how many postings the account had then.
select balance_after_minor as balance_minor, account_version as version
from ledgerdb.postings
where account_id = $1 and entry_id <= $2
order by entry_id desc, leg desc
limit 1;

-- name: last_postings
-- The postings of the account $1 of the entries $2 to $3 before the place ($4, $5), the last booked first, $6 at most. The number of the
-- place bounds the scan of the index: from the two numbers of it together PostgreSQL does not begin there.
select
    p.entry_id, p.leg, e.event_id, e.source, e.stream_id, coalesce(c.kind, e.kind) as about, e.kind, e.effective_at, e.booked_at, e.late_for,
    e.description, p.side, p.amount_minor, p.balance_after_minor as balance_minor
from (
    select entry_id, leg, side, amount_minor, balance_after_minor
    from ledgerdb.postings
    where account_id = $1 and entry_id between $2 and least($3, $4::bigint) and (entry_id, leg) < ($4::bigint, $5::smallint)
    order by entry_id desc, leg desc
    limit $6
) p
join ledgerdb.entries e on e.entry_id = p.entry_id
left join ledgerdb.entries c on c.entry_id = e.clears_entry_id
order by p.entry_id desc, p.leg desc;

-- name: next_postings
-- The postings of the account $1 of the entries $2 to $3 after the place ($4, $5), in the order of booking, $6 at most.
select
    p.entry_id, p.leg, e.event_id, e.source, e.stream_id, coalesce(c.kind, e.kind) as about, e.kind, e.effective_at, e.booked_at, e.late_for,
    e.description, p.side, p.amount_minor, p.balance_after_minor as balance_minor
from (
    select entry_id, leg, side, amount_minor, balance_after_minor
    from ledgerdb.postings
    where account_id = $1 and entry_id between greatest($2, $4::bigint) and $3 and (entry_id, leg) > ($4::bigint, $5::smallint)
    order by entry_id, leg
    limit $6
) p
join ledgerdb.entries e on e.entry_id = p.entry_id
left join ledgerdb.entries c on c.entry_id = e.clears_entry_id
order by p.entry_id, p.leg;
