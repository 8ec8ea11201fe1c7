-- name: take_turn
-- The right to book, until the transaction ends: whoever books holds the ledger's checkpoint. Tables are unqualified here:
-- they are found by the search path of the pool, so that a ledger can be built beside the live one.
select from checkpoints where consumer = 'ledger' for update;

-- name: page
-- Where the books stand: the last entry, and the earliest moment at which the next may be booked. And which of some
-- events are booked already.
select
    coalesce(last.entry_id, 0) as last_entry_id,
    last.event_id as last_event_id,
    last.booked_at as last_booked_at,
    greatest(clock_timestamp(), last.booked_at, closed.open_since, sealed.open_since) as booked_at,
    closed.open_since,
    array(select e.event_id from entries e where e.event_id = any ($1::uuid[])) as booked_already
from (
    select coalesce(((max(period) + interval '1 month') at time zone 'UTC'), timestamptz '1970-01-01 00:00:00+00') as open_since
    from closed_periods
) closed
cross join (select (max(day) + 1)::timestamp at time zone 'UTC' as open_since from sealed_days) sealed
left join lateral (select entry_id, event_id, booked_at from entries order by entry_id desc limit 1) last on true;

-- name: find_accounts
-- Some accounts as their last posting left them.
select a.account_id, a.livemode, a.name, a.balance_minor, a.version
from unnest($1::boolean[], $2::text[]) as w (livemode, name)
join accounts a on a.livemode = w.livemode and a.name = w.name;

-- name: open_accounts
-- Accounts that an entry needs and that are not there yet, numbered on from the last.
insert into accounts (account_id, livemode, name, currency, type, normal_side, owner)
overriding system value
select (select coalesce(max(account_id), 0) from accounts) + n, livemode, name, currency, type, normal_side, owner
from unnest($1::boolean[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
    with ordinality as w (livemode, name, currency, type, normal_side, owner, n)
returning account_id;

-- name: refundable
-- What the books say was captured of some charges and not refunded yet, on the merchants' accounts, disputes apart.
select e.stream_id, sum(case p.side when 'credit' then p.amount_minor else -p.amount_minor end)::bigint as refundable_minor
from entries e
join postings p using (entry_id)
join accounts a using (account_id)
where e.stream_id = any ($1::uuid[])
  and p.leg in (1, 2)
  and a.type = 'liability'
  and e.kind not like 'dispute.%'
group by e.stream_id;

-- name: book_entries
-- A batch of entries with their postings, in one statement, as the laws of the schema demand. Whoever books has computed
-- all of it under the lock of `take_turn`; the schema moves the accounts, and refuses what it would have computed otherwise.
with booked as (
    insert into entries
        (entry_id, event_id, livemode, kind, stream_id, effective_at, booked_at, description, reason, late_for)
    select *
    from unnest(
        $1::bigint[], $2::uuid[], $3::boolean[], $4::text[], $5::uuid[], $6::timestamptz[], $7::timestamptz[], $8::text[],
        $9::text[], $10::date[]
    )
)
insert into postings (entry_id, leg, account_id, side, amount_minor, currency, balance_after_minor, account_version)
select entry_id, leg, account_id, case leg & 1 when 1 then 'debit' else 'credit' end, amount_minor, currency,
    balance_after_minor, account_version
from unnest(
    $11::bigint[], $12::smallint[], $13::bigint[], $14::bigint[], $15::text[], $16::bigint[], $17::bigint[]
) as p (entry_id, leg, account_id, amount_minor, currency, balance_after_minor, account_version);
