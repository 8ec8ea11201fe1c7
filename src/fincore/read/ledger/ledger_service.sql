-- name: take_turn
-- The right to book, until the transaction ends: the booking session holds the ledger's checkpoint. Tables are unqualified here:
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
