-- name: payable
-- What we owe a merchant in one mode, a row a currency, as of a place of the log. One row without a currency where it is
-- nothing.
select now.read_at, coalesce(c.tx, 0) as tx, coalesce(c.pos, 0) as pos, a.currency, a.balance_minor
from (select clock_timestamp() as read_at) now
left join ledgerdb.checkpoints c on c.consumer = 'ledger'
left join ledgerdb.accounts a on a.livemode = $2 and a.owner = $1 and a.type = 'liability'
order by a.currency;

-- name: transactions
-- What some entries did to a merchant's accounts, the last booked first. `listed` is one of the statements below. Legs 1
-- and 2 of an entry are the amount itself, the others fees.
with mine as (
    select account_id, currency
    from ledgerdb.accounts
    where livemode = $2 and owner = $1 and type = 'liability' and currency = coalesce($4::text, currency)
),
listed as (
    {listed}
)
select
    e.event_id, e.source, e.kind, e.stream_id, e.effective_at, e.booked_at, m.currency,
    moved.gross_minor, moved.fee_minor, moved.balance_after_minor
from listed l
join mine m on m.account_id = l.account_id
join ledgerdb.entries e on e.entry_id = l.entry_id
cross join lateral (
    select
        coalesce(
            sum(case p.side when 'credit' then p.amount_minor else -p.amount_minor end) filter (where p.leg <= 2), 0
        )::bigint as gross_minor,
        coalesce(
            sum(case p.side when 'debit' then p.amount_minor else -p.amount_minor end) filter (where p.leg > 2), 0
        )::bigint as fee_minor,
        (array_agg(p.balance_after_minor order by p.leg desc))[1] as balance_after_minor
    from ledgerdb.postings p
    where p.account_id = l.account_id and p.entry_id = l.entry_id
) moved
order by l.entry_id desc;

-- name: all_kinds
-- The last entries on each of the merchant's accounts, and of them the last.
select m.account_id, last.entry_id
from mine m
cross join lateral (
    select distinct p.entry_id
    from ledgerdb.postings p
    where p.account_id = m.account_id{conditions}
    order by p.entry_id desc
    limit $3
) last
order by last.entry_id desc
limit $3;

-- name: of_kinds
-- The same for some kinds other than captures: the last of each kind, and of them the last.
select m.account_id, last.entry_id
from mine m
cross join unnest($5::text[]) k (kind)
cross join lateral (
    select p.entry_id
    from ledgerdb.merchant_moves p
    where p.account_id = m.account_id and p.kind = k.kind{conditions}
    order by p.entry_id desc
    limit $3
) last
order by last.entry_id desc
limit $3;

-- name: of_charge
-- All entries of a charge: a few. `offset 0` has their postings looked up one by one, not the accounts read through.
select distinct p.account_id, p.entry_id
from ledgerdb.entries e
cross join lateral (select * from ledgerdb.postings where entry_id = e.entry_id offset 0) p
where p.account_id in (select account_id from mine)
  and e.stream_id = $5{conditions}
order by p.entry_id desc
limit $3;

-- name: of_event
-- The entry with an id.
select distinct p.account_id, p.entry_id
from ledgerdb.entries e
cross join lateral (select * from ledgerdb.postings where entry_id = e.entry_id offset 0) p
where p.account_id in (select account_id from mine)
  and e.event_id = $5
limit $3;

-- name: is_capture
-- Captures, where an account is read through.
(select c.kind from ledgerdb.entries c where c.entry_id = p.entry_id and c.source = 'event') = {value};

-- name: is_of_kinds
-- Some kinds, where the entries have been selected.
case e.source when 'operator' then 'operator' else e.kind end = any ({value});

-- name: booked_from
-- Those booked at a moment or after it; numbers and times of booking are in the same order.
p.entry_id >= (select b.entry_id from ledgerdb.entries b where b.booked_at >= {value} order by b.booked_at, b.entry_id limit 1);

-- name: booked_before
-- Those booked before a moment.
p.entry_id < coalesce(
    (select b.entry_id from ledgerdb.entries b where b.booked_at >= {value} order by b.booked_at, b.entry_id limit 1),
    9223372036854775807
);

-- name: after_transaction
-- Those that come after one in the list; none where the merchant has no such one.
p.entry_id < (
    select c.entry_id
    from ledgerdb.entries c
    join ledgerdb.postings cp on cp.entry_id = c.entry_id
    join ledgerdb.accounts ca on ca.account_id = cp.account_id
    where c.event_id = {value} and ca.livemode = $2 and ca.owner = $1 and ca.type = 'liability'
    limit 1
);
