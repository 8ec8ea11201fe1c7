-- name: last_entry
-- The last entry there is.
select entry_id, booked_at from ledgerdb.entries order by entry_id desc limit 1;

-- name: last_entry_until
-- The last entry that was booked at a moment or before it: numbers and times of booking are in the same order.
select entry_id, booked_at from ledgerdb.entries where booked_at <= $1 order by booked_at desc, entry_id desc limit 1;

-- name: last_entry_of_sealed_day
-- The last entry of a sealed day.
select e.entry_id, e.booked_at
from ledgerdb.sealed_days d
join ledgerdb.entries e on e.entry_id = d.last_entry_id
where d.day = $1;

-- name: entry
-- One entry.
select entry_id, booked_at from ledgerdb.entries where entry_id = $1;

-- name: range_of
-- The entries booked at $1 or later and before $2, as a range of numbers; a bound that is null is none. It is empty where the first
-- number is greater than the last.
select
    coalesce(
        case
            when $1::timestamptz is null then 1
            else (select entry_id from ledgerdb.entries where booked_at >= $1 order by booked_at, entry_id limit 1)
        end,
        9223372036854775807
    ) as first_entry_id,
    coalesce(
        case
            when $2::timestamptz is null then (select max(entry_id) from ledgerdb.entries)
            else (select entry_id from ledgerdb.entries where booked_at < $2 order by booked_at desc, entry_id desc limit 1)
        end,
        0
    ) as last_entry_id;
