-- name: list_deliveries
-- Deliveries to the endpoints of a mode, of some merchants or of all ($2), newest first, each with its latest attempt that is over. A page of
-- so many can hold only those to the endpoints with as many newest deliveries: each endpoint is asked for its newest one, and only these
-- for more. No index has to hold the deliveries of all. The conditions are any of the blocks below.
select d.*, a.attempt, a.began_at, a.response_status, a.error, a.duration_ms
from (
    select d.*, e.merchant_id, e.livemode
    from (
        select e.endpoint_id, e.merchant_id, e.livemode
        from notify.endpoints e
        cross join lateral (
            select d.delivery_id
            from notify.deliveries d
            where d.endpoint_id = e.endpoint_id{conditions}
            order by d.delivery_id desc
            limit 1
        ) newest
        where e.livemode = $1 and ($2::text[] is null or e.merchant_id = any ($2)){endpoints}
        order by newest.delivery_id desc
        limit $3
    ) e
    cross join lateral (
        select *
        from notify.deliveries d
        where d.endpoint_id = e.endpoint_id{conditions}
        order by d.delivery_id desc
        limit $3
    ) d
    order by d.delivery_id desc
    limit $3
) d
left join lateral (
    select * from notify.attempts where delivery_id = d.delivery_id order by attempt desc limit 1
) a on true
order by d.delivery_id desc;

-- name: at_endpoint
-- Those to one endpoint.
e.endpoint_id = {value}

-- name: with_status
-- Those in a state.
d.status = {value}

-- name: of_events
-- Those that carry one of some events.
d.event_id = any ({value}::uuid[])

-- name: after_delivery
-- Those that come after a delivery in the list.
d.delivery_id < {value}

-- name: owner_of
-- The owner of the endpoint that a delivery goes to.
select e.merchant_id, e.livemode
from notify.deliveries d
join notify.endpoints e using (endpoint_id)
where d.delivery_id = $1;
