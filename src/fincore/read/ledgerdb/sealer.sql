-- name: take_turn
-- One sealer at a time, until the transaction ends; the number spells `seal`.
select pg_advisory_xact_lock(1936023916);

-- name: last_seal
-- Where the chain ends.
select entry_id, chain_hash from ledgerdb.seals order by entry_id desc limit 1;

-- name: entries_after
-- Entries with their postings, a row for each posting, in order, up to a number.
select
    e.entry_id, e.event_id, e.livemode, e.kind, e.stream_id, e.effective_at, e.booked_at, e.description, e.source,
    e.reason, e.booked_by, e.clears_entry_id, e.late_for,
    p.leg, a.name as account, p.side, p.amount_minor, p.currency, p.balance_after_minor, p.account_version,
    p.account_id, a.normal_side
from ledgerdb.entries e
join ledgerdb.postings p using (entry_id)
join ledgerdb.accounts a using (account_id)
where e.entry_id > $1 and e.entry_id <= $2 and p.entry_id > $1 and p.entry_id <= $2
order by e.entry_id, p.leg;

-- name: add_seals
-- The chain goes on.
insert into ledgerdb.seals (entry_id, postings, content_hash, chain_hash)
select * from unnest($1::bigint[], $2::smallint[], $3::bytea[], $4::bytea[]);

-- name: open_days
-- Days of accounts that are not there yet begin with the balance of the day before.
insert into ledgerdb.account_days
    (account_id, day, debit_minor, credit_minor, closing_minor, first_entry_id, last_entry_id)
select w.account_id, w.day, 0, 0, coalesce(before.closing_minor, 0), w.first_entry_id, w.last_entry_id
from unnest($1::bigint[], $2::date[], $3::bigint[], $4::bigint[]) as w (account_id, day, first_entry_id, last_entry_id)
left join lateral (
    select d.closing_minor
    from ledgerdb.account_days d
    where d.account_id = w.account_id and d.day < w.day
    order by d.day desc
    limit 1
) before on true
on conflict (account_id, day) do nothing;

-- name: move_days
-- What happened on a day moves that day and all later ones.
with moved as (
    select *
    from unnest($1::bigint[], $2::date[], $3::numeric[], $4::numeric[], $5::numeric[], $6::bigint[], $7::bigint[])
        as m (account_id, day, debit_minor, credit_minor, net_minor, first_entry_id, last_entry_id)
)
update ledgerdb.account_days d
set debit_minor = d.debit_minor + x.debit_minor,
    credit_minor = d.credit_minor + x.credit_minor,
    closing_minor = d.closing_minor + x.net_minor,
    first_entry_id = least(d.first_entry_id, x.first_entry_id),
    last_entry_id = greatest(d.last_entry_id, x.last_entry_id)
from (
    select
        later.account_id, later.day, sum(m.net_minor) as net_minor,
        coalesce(sum(m.debit_minor) filter (where m.day = later.day), 0) as debit_minor,
        coalesce(sum(m.credit_minor) filter (where m.day = later.day), 0) as credit_minor,
        min(m.first_entry_id) filter (where m.day = later.day) as first_entry_id,
        max(m.last_entry_id) filter (where m.day = later.day) as last_entry_id
    from moved m
    join ledgerdb.account_days later on later.account_id = m.account_id and later.day >= m.day
    group by later.account_id, later.day
) x
where d.account_id = x.account_id and d.day = x.day;

-- name: move_hours
-- What happened in an hour moves that hour alone.
insert into ledgerdb.account_hours (account_id, hour, net_minor, first_entry_id, last_entry_id)
select *
from unnest($1::bigint[], $2::timestamptz[], $3::numeric[], $4::bigint[], $5::bigint[])
on conflict (account_id, hour) do update
set net_minor = account_hours.net_minor + excluded.net_minor,
    first_entry_id = least(account_hours.first_entry_id, excluded.first_entry_id),
    last_entry_id = greatest(account_hours.last_entry_id, excluded.last_entry_id);

-- name: take_booking_turn
-- No session books while a day is being sealed: a later booking falls on a later day.
select from ledgerdb.checkpoints where consumer = 'ledger' for update;

-- name: last_manifest
-- The day sealed last.
select day, last_entry_id, manifest_hash from ledgerdb.sealed_days order by day desc limit 1;

-- name: next_day_over
-- The first day of bookings after an entry that is over, and its entries; all of them have their seal.
with first as (
    select entry_id, (booked_at at time zone 'UTC')::date as day
    from ledgerdb.entries where entry_id > $1 order by entry_id limit 1
)
select f.day, f.entry_id as first_entry_id, l.entry_id as last_entry_id, s.chain_hash as root_hash
from first f
cross join lateral (
    select entry_id from ledgerdb.entries
    where booked_at < (f.day + 1)::timestamp at time zone 'UTC'
    order by booked_at desc, entry_id desc
    limit 1
) l
join ledgerdb.seals s on s.entry_id = l.entry_id
where f.day < (clock_timestamp() at time zone 'UTC')::date;

-- name: sums
-- What a range of entries debited, per mode and currency, and how many postings it has.
select e.livemode, p.currency, coalesce(sum(p.amount_minor) filter (where p.side = 'debit'), 0) as debit_minor,
    count(*) as postings
from ledgerdb.entries e
join ledgerdb.postings p using (entry_id)
where e.entry_id between $1 and $2 and p.entry_id between $1 and $2
group by e.livemode, p.currency;

-- name: add_manifest
-- A day is sealed.
insert into ledgerdb.sealed_days
    (day, first_entry_id, last_entry_id, entries, postings, sums, root_hash, previous_hash, manifest_hash)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: sealed_days
-- The sealed days, the latest first.
select day, entries, last_entry_id, manifest_hash from ledgerdb.sealed_days order by day desc limit $1;
