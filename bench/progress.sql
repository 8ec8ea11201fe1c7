-- name: backlog
-- What waits at this moment: jobs by state, events each consumer has not had, charges without an outcome in the view.
select
    (select count(*) from queue.pgqueuer where status = 'queued') as jobs_queued,
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
    ) as ledger_behind_events;

-- name: outcomes_by_second
-- Charges accepted and charges decided in each second since a moment, by the clock of the log.
select
    floor(extract(epoch from recorded_at - to_timestamp(%(began)s)))::int as second,
    count(*) filter (where type = 'charge.created') as accepted,
    count(*) filter (where type in ('charge.captured', 'charge.failed')) as decided
from eventstore.events
where recorded_at >= to_timestamp(%(began)s)
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

-- name: charges_in_log
-- What the log says of each charge: whether money moved, and how much.
select
    c.stream_id,
    (o.data ->> 'amount_minor')::bigint as captured_minor,
    o.type = 'charge.captured' as is_captured
from eventstore.events c
left join eventstore.events o
    on o.stream_id = c.stream_id and o.version > 1 and o.type in ('charge.captured', 'charge.failed')
where c.type = 'charge.created' and c.version = 1;

-- name: totals
-- Money in the view and in the ledger, which must be what the PSP has.
select
    (select count(*) from paymentdb.charges) as charges,
    (select count(*) from paymentdb.charges where status = 'succeeded') as view_succeeded,
    (select coalesce(sum(captured_minor), 0) from paymentdb.charges)::bigint as view_minor,
    (select count(*) from ledgerdb.entries) as ledger_entries,
    (select coalesce(sum(amount_minor), 0) from ledgerdb.postings where side = 'debit')::bigint as ledger_minor;
