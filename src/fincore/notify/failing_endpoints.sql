-- name: failing_endpoints
-- Endpoints that something did not arrive at, but for those that their merchant or staff disabled. $1 rows, $2 deliveries counted of
-- each state, $3 deliveries of each state, for which the latest attempt is looked up.
select e.endpoint_id, e.merchant_id, e.livemode, e.url, e.disabled_reason, e.failures, e.last_success_at,
    p.count as pending, f.count as given_up, a.last_answer
from notify.endpoints e
cross join lateral (
    select count(*)
    from (select from notify.deliveries where endpoint_id = e.endpoint_id and status = 'pending' limit $2) d
) p
cross join lateral (
    select count(*)
    from (select from notify.deliveries where endpoint_id = e.endpoint_id and status = 'failed' limit $2) d
) f
left join lateral (
    select coalesce(a.response_status::text, a.error) as last_answer
    from (
        (
            select delivery_id
            from notify.deliveries
            where endpoint_id = e.endpoint_id and status = 'pending'
            order by delivery_id
            limit $3
        )
        union all
        (
            select delivery_id
            from notify.deliveries
            where endpoint_id = e.endpoint_id and status = 'failed'
            order by delivery_id desc
            limit $3
        )
    ) d
    join notify.attempts a using (delivery_id)
    order by a.began_at desc
    limit 1
) a on true
where coalesce(e.disabled_reason, '') not in ('by_merchant', 'by_staff')
  and (e.status = 'disabled' or e.failures > 0 or f.count > 0)
order by e.status, e.failures desc, e.endpoint_id
limit $1;

-- name: given_up
-- Deliveries that failed for good, but for those to endpoints that were deleted, newest first. $1 rows.
select d.delivery_id, d.endpoint_id, d.event_type, d.failure, d.attempts, a.last_answer, d.finished_at
from notify.endpoints e
cross join lateral (
    select *
    from notify.deliveries
    where endpoint_id = e.endpoint_id and status = 'failed'
    order by delivery_id desc
    limit $1
) d
left join lateral (
    select coalesce(response_status::text, error) as last_answer
    from notify.attempts
    where delivery_id = d.delivery_id
    order by attempt desc
    limit 1
) a on true
where e.deleted_at is null
order by d.finished_at desc, d.delivery_id desc
limit $1;
