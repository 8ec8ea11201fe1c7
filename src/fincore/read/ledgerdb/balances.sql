-- name: accounts
-- The accounts of one mode, of one owner where one is asked for, as their last posting left them.
select name, type, normal_side, currency, owner, balance_minor, version
from ledgerdb.accounts
where livemode = $1 and ($2::text is null or owner = $2)
order by name;

-- name: find_account
-- One account by its name.
select account_id, name, type, normal_side, currency, owner, balance_minor, version
from ledgerdb.accounts
where livemode = $1 and name = $2;

-- name: booked_before
-- The balance that the last posting booked before a moment left: one look-up for the entry, one for the posting.
select p.balance_after_minor
from ledgerdb.postings p
where p.account_id = $1
  and p.entry_id <= (
      select e.entry_id from ledgerdb.entries e where e.booked_at < $2 order by e.booked_at desc, e.entry_id desc limit 1
  )
order by p.entry_id desc, p.leg desc
limit 1;

-- name: effective_before
-- The balance after all that happened before a moment, whenever it was booked: the close of the last day before, one
-- look-up; the hours of the day before the moment's own; of that hour, unless the moment is its beginning, the postings up to
-- the moment; and what has no seal yet. It may be beyond bigint.
-- `offset 0` has entries looked up one by one for an account's own postings: the planner, which cannot know how few those
-- are, would read all entries there are.
with
account as (select account_id, normal_side from ledgerdb.accounts where account_id = $1),
sealed as (select coalesce(max(entry_id), 0) as entry_id from ledgerdb.seals),
closed as (
    select closing_minor from ledgerdb.account_days
    where account_id = $1 and day < ($2::timestamptz at time zone 'UTC')::date
    order by day desc
    limit 1
),
hours as (
    select sum(net_minor) as net_minor from ledgerdb.account_hours
    where account_id = $1
      and hour >= date_trunc('day', $2::timestamptz, 'UTC')
      and hour < date_trunc('hour', $2::timestamptz, 'UTC')
),
this_hour as (
    select hour, first_entry_id, last_entry_id from ledgerdb.account_hours
    where account_id = $1
      and hour = date_trunc('hour', $2::timestamptz, 'UTC')
      and hour < $2
),
since as (
    select p.side, p.amount_minor, timestamptz '-infinity' as not_before, p.entry_id
    from sealed s
    cross join lateral (
        select entry_id, side, amount_minor from ledgerdb.postings where account_id = $1 and entry_id > s.entry_id
        offset 0
    ) p
    union all
    select p.side, p.amount_minor, t.hour, p.entry_id
    from this_hour t
    cross join lateral (
        select entry_id, side, amount_minor from ledgerdb.postings
        where account_id = $1 and entry_id between t.first_entry_id and t.last_entry_id
        offset 0
    ) p
),
moved as (
    select sum(case p.side when a.normal_side then p.amount_minor else -p.amount_minor end) as net_minor
    from account a
    cross join since p
    cross join lateral (select effective_at from ledgerdb.entries where entry_id = p.entry_id offset 0) e
    where e.effective_at >= p.not_before and e.effective_at < $2
)
select coalesce((select closing_minor from closed), 0) + coalesce((select net_minor from hours), 0)
    + coalesce((select net_minor from moved), 0);

-- name: late_before
-- What happened before a moment and is in the books of a later period only, because its own was closed when it was booked.
select coalesce(sum(case p.side when a.normal_side then p.amount_minor else -p.amount_minor end), 0)
from ledgerdb.entries e
join ledgerdb.postings p on p.entry_id = e.entry_id and p.account_id = $1
join ledgerdb.accounts a on a.account_id = p.account_id
where e.late_for is not null
  and e.late_for < ($2::timestamptz at time zone 'UTC')::date
  and e.effective_at < $2
  and e.booked_at >= $2;

-- name: movements
-- The postings of an account in a period: what happened in it, and what is booked in it because it came too late for its own.
with
sealed as (select coalesce(max(entry_id), 0) as entry_id from ledgerdb.seals),
days as (
    select min(first_entry_id) as first_entry_id, max(last_entry_id) as last_entry_id
    from ledgerdb.account_days
    where account_id = $1
      and day between ($2::timestamptz at time zone 'UTC')::date and ($3::timestamptz at time zone 'UTC')::date
),
found as (
    select p.entry_id, p.leg
    from days d
    join ledgerdb.postings p on p.account_id = $1 and p.entry_id between d.first_entry_id and d.last_entry_id
    union
    select p.entry_id, p.leg
    from sealed s
    join ledgerdb.postings p on p.account_id = $1 and p.entry_id > s.entry_id
    union
    select p.entry_id, p.leg
    from ledgerdb.entries e
    join ledgerdb.postings p on p.account_id = $1 and p.entry_id = e.entry_id
    where e.late_for is not null and e.booked_at >= $2 and e.booked_at < $3
)
select
    e.entry_id, e.event_id, e.stream_id, coalesce(c.kind, e.kind) as about,
    case when e.late_for is null then e.effective_at else e.booked_at end as accounted_at, e.effective_at,
    e.booked_at, e.kind, e.description, e.late_for, p.leg, p.side, p.amount_minor
from found f
join ledgerdb.entries e using (entry_id)
join ledgerdb.postings p on p.entry_id = f.entry_id and p.leg = f.leg
left join ledgerdb.entries c on c.entry_id = e.clears_entry_id
where case when e.late_for is null then e.effective_at else e.booked_at end >= $2
  and case when e.late_for is null then e.effective_at else e.booked_at end < $3
order by accounted_at, e.entry_id, p.leg
limit $4;
