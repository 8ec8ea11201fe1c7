-- name: backlog
-- What waits at this moment: jobs by state, events each consumer has not had, webhooks to merchants that were not sent.
-- A job that waits for a customer, or for what a PSP does in its own time, is not work that is late.
select
    (
        select count(*)
        from queue.pgqueuer
        where status = 'queued' and entrypoint not in ('charge.follow', 'charge.inquire') and execute_after < now() + interval '1 hour'
    ) as jobs_queued,
    (select count(*) from queue.pgqueuer where status = 'picked') as jobs_at_work,
    (select count(*) from queue.pgqueuer where status = 'failed') as jobs_held,
    (
        select count(*)
        from eventstore.events e
        where (e.tx, e.pos) > (
            (select coalesce(max(c.tx), 0)::text::xid8 from paymentdb.checkpoints c),
            (select coalesce(max(c.pos), 0) from paymentdb.checkpoints c)
        )
    ) as view_behind_events,
    (
        select count(*)
        from eventstore.events e
        where (e.tx, e.pos) > (
            (select coalesce(max(c.tx), 0)::text::xid8 from ledgerdb.checkpoints c),
            (select coalesce(max(c.pos), 0) from ledgerdb.checkpoints c)
        )
    ) as ledger_behind_events,
    (
        select count(*)
        from eventstore.events e
        where (e.tx, e.pos) > (
            (select coalesce(max(c.tx), 0)::text::xid8 from notify.checkpoints c),
            (select coalesce(max(c.pos), 0) from notify.checkpoints c)
        )
    ) as notify_behind_events,
    (select count(*) from notify.deliveries where status = 'pending') as webhooks_due;

-- name: outcomes_by_second
-- What came into the log in each second since a moment, by the clock of the log: charges accepted and decided, captures of
-- held charges and refunds asked for and carried out. What is captured later was decided when it was authorized.
select
    floor(extract(epoch from e.recorded_at - to_timestamp(%(began)s)))::int as second,
    count(*) filter (where e.type = 'charge.created') as accepted,
    count(*) filter (where e.type in ('charge.captured', 'charge.failed', 'charge.authorized') and not h.is_held) as decided,
    count(*) filter (where e.type = 'charge.capture_requested') as captures_asked,
    count(*) filter (where e.type = 'charge.captured' and h.is_held) as captures_done,
    count(*) filter (where e.type = 'refund.requested') as refunds_asked,
    count(*) filter (where e.type = 'refund.succeeded') as refunds_done
from eventstore.events e
cross join lateral (
    select e.type = 'charge.captured' and exists (
        select from eventstore.events a where a.stream_id = e.stream_id and a.type = 'charge.authorized'
    ) as is_held
) h
where e.recorded_at >= to_timestamp(%(began)s)
group by 1
order by 1;

-- name: times_to_outcome
-- From a charge's acceptance to its outcome in milliseconds, for charges accepted in a span: median and 99th percentile.
select
    count(*) as charges,
    coalesce(percentile_cont(0.50) within group (order by extract(epoch from o.recorded_at - c.recorded_at)), 0) * 1000 as p50_ms,
    coalesce(percentile_cont(0.99) within group (order by extract(epoch from o.recorded_at - c.recorded_at)), 0) * 1000 as p99_ms
from eventstore.events c
join eventstore.events o
    on o.stream_id = c.stream_id and o.version > 1 and o.type in ('charge.captured', 'charge.failed')
where c.type = 'charge.created' and c.version = 1
  and c.recorded_at >= to_timestamp(%(began)s) and c.recorded_at < to_timestamp(%(ended)s);

-- name: times_of_operations
-- From a capture's or refund's request to its outcome in milliseconds, for those asked for in a span.
with done as (
    select r.type, extract(epoch from o.recorded_at - r.recorded_at) as seconds
    from eventstore.events r
    join eventstore.events o
        on o.stream_id = r.stream_id and o.version > r.version
        and (
            (r.type = 'charge.capture_requested' and o.type = 'charge.captured')
            or (
                r.type = 'refund.requested' and o.type = 'refund.succeeded'
                and o.data ->> 'refund_id' = r.data ->> 'refund_id'
            )
        )
    where r.type in ('charge.capture_requested', 'refund.requested')
      and r.recorded_at >= to_timestamp(%(began)s) and r.recorded_at < to_timestamp(%(ended)s)
)
select
    type,
    count(*) as operations,
    (percentile_cont(0.50) within group (order by seconds) * 1000)::float as p50_ms,
    (percentile_cont(0.99) within group (order by seconds) * 1000)::float as p99_ms
from done
group by type;

-- name: deliveries
-- Webhooks to merchants about events of a span: how many arrived, and how long after the event was written, in milliseconds.
select
    count(*) as events,
    count(*) filter (where d.status = 'delivered') as delivered,
    count(*) filter (where d.attempts > 1) as repeated,
    coalesce(percentile_cont(0.50) within group (order by extract(epoch from d.finished_at - e.recorded_at)), 0)::float * 1000
        as p50_ms,
    coalesce(percentile_cont(0.99) within group (order by extract(epoch from d.finished_at - e.recorded_at)), 0)::float * 1000
        as p99_ms
from eventstore.events e
left join notify.deliveries d using (event_id)
where e.recorded_at >= to_timestamp(%(began)s) and e.recorded_at < to_timestamp(%(ended)s);

-- name: deliveries_ended
-- How many webhooks arrived in a span.
select count(*) as ended
from notify.deliveries
where status = 'delivered'
  and finished_at >= to_timestamp(%(began)s) and finished_at < to_timestamp(%(ended)s);

-- name: charges_in_log
-- What the log says of each charge: how much was taken, and how much of it given back.
select
    stream_id,
    coalesce(sum((data ->> 'amount_minor')::bigint) filter (where type = 'charge.captured'), 0)::bigint
    + coalesce(
        sum((data ->> 'captured_after_minor')::bigint - (data ->> 'captured_before_minor')::bigint)
            filter (where type = 'charge.corrected'),
        0
    )::bigint as captured_minor
from eventstore.events
group by stream_id;

-- name: refunds_in_log
-- What the log says of each refund: how much was asked for, and whether the customer has it.
select
    r.data ->> 'refund_id' as refund_id,
    (r.data ->> 'amount_minor')::bigint as amount_minor,
    coalesce(o.type <> 'refund.failed', false) as is_done
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

-- name: totals
-- Money in the view and in the ledger, which must be what the PSP has. In the ledger the first leg of an entry is the
-- amount itself; fees have legs of their own.
with booked as (
    select
        e.kind,
        case a.normal_side || p.side when 'debitdebit' then p.amount_minor else -p.amount_minor end as to_clearing_minor
    from ledgerdb.entries e
    join ledgerdb.postings p on p.entry_id = e.entry_id and p.leg in (1, 2)
    join ledgerdb.accounts a on a.account_id = p.account_id and split_part(a.name, ':', 4) = 'clearing'
)
select
    (select count(*) from paymentdb.charges) as charges,
    (select count(*) from paymentdb.charges where captured_minor > 0) as view_captures,
    (select coalesce(sum(captured_minor), 0) from paymentdb.charges)::bigint as view_captured_minor,
    (select count(*) from paymentdb.refunds where status = 'succeeded') as view_refunds,
    (select coalesce(sum(refunded_minor), 0) from paymentdb.charges)::bigint as view_refunded_minor,
    count(*) filter (where b.kind = 'charge.captured') as ledger_captures,
    coalesce(sum(b.to_clearing_minor) filter (where b.kind in ('charge.captured', 'charge.corrected')), 0)::bigint
        as ledger_captured_minor,
    count(*) filter (where b.kind in ('refund.succeeded', 'refund.corrected'))
    - count(*) filter (where b.kind = 'refund.failed') as ledger_refunds,
    -coalesce(sum(b.to_clearing_minor) filter (where b.kind in ('refund.succeeded', 'refund.failed', 'refund.corrected')), 0)::bigint as ledger_refunded_minor
from booked b;
