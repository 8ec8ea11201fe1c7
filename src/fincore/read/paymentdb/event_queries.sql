-- name: find_event
-- One event of a merchant, in one mode.
select *
from paymentdb.events
where event_id = $3 and merchant_id = $1 and livemode = $2;

-- name: timeline
-- The events of a charge, in their order.
select *
from paymentdb.events
where charge_id = $3 and merchant_id = $1 and livemode = $2
order by version;

-- name: list_events
-- A merchant's events, newest first, through any of the conditions below.
select *
from paymentdb.events
where merchant_id = $1 and livemode = $2{conditions}
order by recorded_at desc, event_id desc
limit $3;

-- name: list_events_of_types
-- The same of some types: the newest of each type, and of those the newest. So a page has its price however rare the
-- types are and however far it is from the first.
select e.*
from unnest($4::text[]) as wanted (type)
cross join lateral (
    select *
    from paymentdb.events
    where merchant_id = $1 and livemode = $2 and type = wanted.type{conditions}
    order by recorded_at desc, event_id desc
    limit $3
) e
order by e.recorded_at desc, e.event_id desc
limit $3;

-- name: list_events_of_charge
-- The same of one charge.
select *
from paymentdb.events
where charge_id = $4 and merchant_id = $1 and livemode = $2{conditions}
order by version desc
limit $3;

-- name: after_event
-- Those that come after an event in the list; none where the merchant has no such event.
(recorded_at, event_id) < (
    select a.recorded_at, a.event_id
    from paymentdb.events a
    where a.event_id = {value} and a.merchant_id = $1 and a.livemode = $2
);

-- name: after_event_of_charge
-- Those that come after an event in the list of its charge.
version < (
    select a.version
    from paymentdb.events a
    where a.event_id = {value} and a.charge_id = $4
);

-- name: with_types
-- Those of some types.
type = any ({value}::text[]);

-- name: recorded_from
-- Those recorded at a moment or after it.
recorded_at >= {value};

-- name: recorded_before
-- Those recorded before a moment.
recorded_at < {value};
