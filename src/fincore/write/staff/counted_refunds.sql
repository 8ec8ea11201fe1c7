-- name: take_turn
-- One refund of the person who is counted as $1 after the other, so that limits count all of them.
select pg_advisory_xact_lock(hashtext('fincore.staff.refunds:' || $1::text));

-- name: counted_before
-- What was counted for a key on any day, and whether on this day, by UTC.
select fingerprint, day = (clock_timestamp() at time zone 'UTC')::date as is_of_today
from staff.counted_refunds
where owner = $1 and livemode = $2 and key = $3
order by day desc
limit 1;

-- name: refunded_today
-- What the person who is counted as $1 refunded alone on this day, by UTC, in a currency and mode, and has proposed and waits.
select coalesce(sum(amount_minor), 0) + staff.waiting_of_person($1, true, $2, $3)
from staff.counted_refunds
where counted_for = $1 and day = (clock_timestamp() at time zone 'UTC')::date and currency = $2 and livemode = $3;

-- name: count_refund
-- A refund that the person may make alone.
insert into staff.counted_refunds (owner, livemode, key, fingerprint, counted_for, currency, amount_minor)
values ($1, $2, $3, $4, $5, $6, $7);
