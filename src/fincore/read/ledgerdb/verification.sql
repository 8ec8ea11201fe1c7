-- name: last_seal
-- How far the chain goes.
select coalesce(max(entry_id), 0) from ledgerdb.seals;

-- name: next_number
-- The next number after one under which there is anything: an entry, a posting or a seal.
select least(
    (select min(entry_id) from ledgerdb.entries where entry_id > $1),
    (select min(entry_id) from ledgerdb.postings where entry_id > $1),
    (select min(entry_id) from ledgerdb.seals where entry_id > $1)
);

-- name: entries_between
-- Entries and their postings, a row for each posting and at least one for each entry, in order. An entry with postings that are
-- gone has a row without a leg, a posting without an entry one without an event.
select
    coalesce(e.entry_id, p.entry_id) as entry_id,
    e.event_id, e.livemode, e.kind, e.stream_id, e.effective_at, e.booked_at, e.description, e.source,
    e.reason, e.booked_by, e.clears_entry_id, e.late_for,
    p.leg, a.name as account, p.side, p.amount_minor, p.currency, p.balance_after_minor, p.account_version
from (select * from ledgerdb.entries where entry_id between $1 and $2) e
full join (select * from ledgerdb.postings where entry_id between $1 and $2) p on p.entry_id = e.entry_id
left join ledgerdb.accounts a on a.account_id = p.account_id
order by 1, p.leg;

-- name: seals_between
-- Seals in order.
select entry_id, postings, content_hash, chain_hash
from ledgerdb.seals
where entry_id between $1 and $2
order by entry_id;

-- name: manifests
-- The sealed days in order, each with the seal of its last entry and the times of its bookings.
select
    d.day, d.first_entry_id, d.last_entry_id, d.entries, d.postings, d.sums, d.root_hash, d.previous_hash, d.manifest_hash,
    s.chain_hash as last_chain_hash,
    (
        select bool_and((e.booked_at at time zone 'UTC')::date = d.day)
        from ledgerdb.entries e where e.entry_id between d.first_entry_id and d.last_entry_id
    ) as booked_that_day
from ledgerdb.sealed_days d
left join ledgerdb.seals s on s.entry_id = d.last_entry_id
order by d.day;

-- name: manifest_of_day
-- The same of the day $1 alone, if it is sealed.
select
    d.day, d.first_entry_id, d.last_entry_id, d.entries, d.postings, d.sums, d.root_hash, d.previous_hash, d.manifest_hash,
    s.chain_hash as last_chain_hash,
    (
        select bool_and((e.booked_at at time zone 'UTC')::date = d.day)
        from ledgerdb.entries e where e.entry_id between d.first_entry_id and d.last_entry_id
    ) as booked_that_day
from ledgerdb.sealed_days d
left join ledgerdb.seals s on s.entry_id = d.last_entry_id
where d.day = $1;

-- name: manifest_before
-- The last sealed day before the day $1.
select last_entry_id, root_hash, manifest_hash from ledgerdb.sealed_days where day < $1 order by day desc limit 1;

-- name: unsealed_days
-- Days of bookings that lie before a sealed one and have no manifest.
select distinct (e.booked_at at time zone 'UTC')::date as day
from ledgerdb.entries e
where e.booked_at < (select max(day)::timestamp at time zone 'UTC' from ledgerdb.sealed_days)
  and not exists (
      select from ledgerdb.sealed_days d where e.entry_id between d.first_entry_id and d.last_entry_id
  )
order by 1;
