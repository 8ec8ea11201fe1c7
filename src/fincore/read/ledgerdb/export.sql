-- name: bounds
-- The entries booked from one moment until before another, as a range of numbers, and when the first and the last of them
-- were booked. Numbers and times of booking are in the same order.
with range as (
    select
        (select entry_id from ledgerdb.entries where booked_at >= $1 order by booked_at, entry_id limit 1) as first_id,
        (select entry_id from ledgerdb.entries where booked_at < $2 order by booked_at desc, entry_id desc limit 1) as last_id
)
select
    least(coalesce(first_id, last_id + 1, 1), coalesce(last_id, 0) + 1) as first_entry_id,
    coalesce(last_id, 0) as last_entry_id,
    (select booked_at from ledgerdb.entries where entry_id = first_id) as first_booked_at,
    (select booked_at from ledgerdb.entries where entry_id = last_id) as last_booked_at
from range;

-- name: accounts
-- What the accounts of one mode held before an entry and after another, debits positive; those used by then.
select
    a.name, a.type, a.currency,
    coalesce(opening.balance_after_minor, 0) * side.sign as opening_debit_minor,
    closing.balance_after_minor * side.sign as closing_debit_minor
from ledgerdb.accounts a
cross join lateral (select case a.normal_side when 'debit' then 1 else -1 end as sign) side
cross join lateral (
    select p.balance_after_minor
    from ledgerdb.postings p
    where p.account_id = a.account_id and p.entry_id <= $3
    order by p.entry_id desc, p.leg desc
    limit 1
) closing
left join lateral (
    select p.balance_after_minor
    from ledgerdb.postings p
    where p.account_id = a.account_id and p.entry_id < $2
    order by p.entry_id desc, p.leg desc
    limit 1
) opening on true
where a.livemode = $1
order by a.name collate "C";

-- name: entries
-- The entries of one mode in a range of numbers, in order, a row for each leg.
select
    e.entry_id, e.livemode, e.source, e.event_id, e.kind, e.stream_id, e.effective_at, e.booked_at, e.late_for,
    e.description, e.reason, e.booked_by, e.clears_entry_id, coalesce(c.kind, e.kind) as about,
    p.leg, a.name as account, a.type as account_type, p.side, p.amount_minor, p.currency, p.balance_after_minor
from ledgerdb.entries e
join ledgerdb.postings p on p.entry_id = e.entry_id
join ledgerdb.accounts a on a.account_id = p.account_id
left join ledgerdb.entries c on c.entry_id = e.clears_entry_id
where e.livemode = $1
  and e.entry_id between $2 and $3
  and p.entry_id between $2 and $3
order by e.entry_id, p.leg;
