-- name: charges
-- Each charge of the log, or those of one run: the load's key in its metadata, what was asked for, captured and given back, in minor units.
with created as (
    select stream_id, data -> 'metadata' ->> 'load_key' as load_key, (data ->> 'amount_minor')::bigint as amount_minor
    from eventstore.events
    where type = 'charge.created'
      and (%(run_id)s::text is null or starts_with(data -> 'metadata' ->> 'load_key', %(run_id)s::text || '-'))
),

captured as (
    select
        stream_id,
        coalesce(sum((data ->> 'amount_minor')::bigint) filter (where type = 'charge.captured'), 0)
        + coalesce(
            sum((data ->> 'captured_after_minor')::bigint - (data ->> 'captured_before_minor')::bigint)
                filter (where type = 'charge.corrected'),
            0
        ) as captured_minor
    from eventstore.events
    where type in ('charge.captured', 'charge.corrected')
    group by stream_id
)

select c.stream_id, c.load_key, c.amount_minor, coalesce(t.captured_minor, 0)::bigint as captured_minor
from created c
left join captured t using (stream_id);

-- name: refunds
-- Each refund of the log: its charge, and what the customer got, in minor units; 0 where that is nothing.
select
    r.data ->> 'refund_id' as refund_id,
    r.stream_id,
    case when coalesce(o.type <> 'refund.failed', false) then (r.data ->> 'amount_minor')::bigint else 0 end as amount_minor
from eventstore.events r
left join lateral (
    select e.type
    from eventstore.events e
    where e.stream_id = r.stream_id and e.data ->> 'refund_id' = r.data ->> 'refund_id'
      and e.type in ('refund.succeeded', 'refund.failed', 'refund.corrected')
    order by e.version desc
    limit 1
) o on true
where r.type = 'refund.requested';

-- name: outcome_times
-- From acceptance to outcome in seconds, of charges accepted in a span that wait for no customer: median and 99th percentile.
select
    count(*) as charges,
    coalesce(percentile_cont(0.50) within group (order by extract(epoch from o.recorded_at - c.recorded_at)), 0)::float as p50_seconds,
    coalesce(percentile_cont(0.99) within group (order by extract(epoch from o.recorded_at - c.recorded_at)), 0)::float as p99_seconds
from eventstore.events c
cross join lateral (
    select min(e.recorded_at) as recorded_at, bool_or(e.type = 'charge.action_required') as asks_customer
    from eventstore.events e
    where e.stream_id = c.stream_id
      and e.type in ('charge.authorized', 'charge.captured', 'charge.failed', 'charge.action_required')
) o
where c.type = 'charge.created' and c.recorded_at >= to_timestamp(%(began)s) and not coalesce(o.asks_customer, false);
