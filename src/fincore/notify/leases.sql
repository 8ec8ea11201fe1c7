-- name: take_turn
-- One process claims at a time, so that it sees what the others have under way.
select pg_advisory_xact_lock(hashtext('fincore.notify.claim'));

-- name: claim_due
-- The deliveries to send now, leased. $1 now, $2 attempts under way per endpoint at most, $3 rows, $4 end of the lease,
-- $5 the places each endpoint is sure of, $6 rows for who has more of them.
-- The endpoints that wait are found by one descent of the index each, however much waits for them; an endpoint that
-- failed lately is tried with one delivery at a time. The endpoint with less under way comes first, and what an endpoint has
-- beyond its sure places never takes the last rows. An attempt past the end of its lease was lost, and is recorded so.
with recursive waiting as (
    (select endpoint_id from notify.deliveries where status = 'pending' order by endpoint_id limit 1)
    union all
    select (
        select d.endpoint_id
        from notify.deliveries d
        where d.status = 'pending' and d.endpoint_id > w.endpoint_id
        order by d.endpoint_id
        limit 1
    )
    from waiting w
    where w.endpoint_id is not null
),
ready as (
    select e.endpoint_id, case when e.failures > 0 then 1 else least(e.places, $2::int) end as places, u.under_way
    from waiting w
    join notify.endpoints e using (endpoint_id)
    cross join lateral (
        select count(*) as under_way
        from notify.deliveries d
        where d.endpoint_id = e.endpoint_id and d.leased_until > $1
    ) u
    where e.status = 'enabled' and (e.paused_until is null or e.paused_until <= $1)
),
sendable as (
    select
        d.*,
        r.under_way + row_number() over (partition by r.endpoint_id order by d.next_attempt_at) as place,
        r.under_way + count(*) over (partition by r.endpoint_id) >= r.places as is_crowded
    from ready r
    cross join lateral (
        select delivery_id, attempts, leased_at, next_attempt_at
        from notify.deliveries
        where endpoint_id = r.endpoint_id and status = 'pending' and next_attempt_at <= $1
          and (leased_until is null or leased_until <= $1)
        order by next_attempt_at
        limit greatest(r.places - r.under_way, 0)
        for update skip locked
    ) d
),
due as (
    select *
    from (select *, row_number() over (order by place, next_attempt_at) as turn from sendable) s
    where turn <= $3::int and (place <= $5::int or turn <= $6::int)
),
lost as (
    insert into notify.attempts (delivery_id, attempt, began_at, error)
    select delivery_id, attempts, leased_at, 'lost' from due where leased_at is not null
    on conflict do nothing
),
claimed as (
    update notify.deliveries d
    set attempts = d.attempts + 1, round_attempts = d.round_attempts + 1,
        round_began_at = coalesce(d.round_began_at, $1), leased_at = $1, leased_until = $4
    from due
    where d.delivery_id = due.delivery_id
    returning d.delivery_id, d.endpoint_id, d.body, d.attempts, d.round_attempts, due.is_crowded
)
select c.*, e.url, e.failures, e.secret,
    case when e.previous_expires_at > $1 then e.previous_secret end as previous_secret
from claimed c
join notify.endpoints e using (endpoint_id);

-- name: insert_attempts
-- How some attempts went. One that was taken for lost and comes back after all is told as it was.
insert into notify.attempts as a (delivery_id, attempt, began_at, response_status, error, duration_ms)
select *
from unnest($1::text[], $2::int[], $3::timestamptz[], $4::smallint[], $5::text[], $6::int[])
on conflict (delivery_id, attempt) do update
set response_status = excluded.response_status, error = excluded.error, duration_ms = excluded.duration_ms;

-- name: finish_deliveries
-- What follows for the deliveries. A later attempt has the word where there is one.
update notify.deliveries d
set status = f.status, failure = f.failure, next_attempt_at = f.next_attempt_at, finished_at = f.finished_at,
    leased_at = null, leased_until = null
from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[])
    as f (delivery_id, attempt, status, failure, next_attempt_at, finished_at)
where d.delivery_id = f.delivery_id and d.attempts = f.attempt and d.leased_until is not null
returning d.delivery_id, d.round_began_at;

-- name: note_health
-- How some endpoints fare: a success clears what failed before it, failures add to a row of them and to the pause. $5
-- places more for an endpoint, or half of them where $6; $7 and $8 are the least and the most.
-- Every process locks them in one order, so that two processes wait for each other and never deadlock.
with locked as (
    select endpoint_id
    from notify.endpoints
    where endpoint_id = any ($1::text[])
    order by endpoint_id
    for no key update
)
update notify.endpoints e
set failures = case when h.succeeded_at is null then greatest(e.failures, h.failures) else 0 end,
    paused_until = case when h.succeeded_at is null then greatest(e.paused_until, h.paused_until) end,
    last_success_at = coalesce(h.succeeded_at, e.last_success_at),
    places = case when h.is_strained then greatest(e.places / 2, $7) else least(e.places + h.more_places, $8) end
from unnest($1::text[], $2::int[], $3::timestamptz[], $4::timestamptz[], $5::int[], $6::boolean[])
    as h (endpoint_id, failures, paused_until, succeeded_at, more_places, is_strained)
join locked using (endpoint_id)
where e.endpoint_id = h.endpoint_id;

-- name: disable_endpoints
-- Disable endpoints that are gone, or that nothing has reached since a delivery was first tried; unless the merchant
-- has given another URL meanwhile.
update notify.endpoints e
set status = 'disabled', disabled_reason = f.reason, configured_tx = pg_current_xact_id()
from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) as f (endpoint_id, url, reason, round_began_at)
where e.endpoint_id = f.endpoint_id and e.url = f.url and e.status = 'enabled'
  and (f.reason = 'gone' or e.last_success_at is null or e.last_success_at < f.round_began_at)
returning e.endpoint_id, e.disabled_reason;

-- name: traces
-- What names the spans of the commits of some deliveries' events, and of the first events of the same streams.
select d.delivery_id, told.metadata ->> 'traceparent' as event, began.metadata ->> 'traceparent' as origin
from notify.deliveries d
join eventstore.events told on told.event_id = d.event_id
join eventstore.events began on began.stream_id = told.stream_id and began.version = 1
where d.delivery_id = any ($1::text[]) and told.metadata ? 'traceparent';
