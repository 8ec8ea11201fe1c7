-- name: of_view
-- How far the view follows streams ahead of its checkpoint, where that stands, and whether it leaves a stream alone.
select s.consumer, s.stream_id, s.version, coalesce(c.tx, 0) as tx, coalesce(c.pos, 0) as pos, p.stream_id is not null as is_parked
from paymentdb.stream_positions s
left join paymentdb.checkpoints c using (consumer)
left join paymentdb.parked_streams p using (consumer, stream_id)
where s.consumer = 'projectionist'
order by s.stream_id;

-- name: of_notify
-- The same of the consumer of merchants' webhooks.
select s.consumer, s.stream_id, s.version, coalesce(c.tx, 0) as tx, coalesce(c.pos, 0) as pos, p.stream_id is not null as is_parked
from notify.stream_positions s
left join notify.checkpoints c using (consumer)
left join notify.parked_streams p using (consumer, stream_id)
where s.consumer = 'notify'
order by s.stream_id;

-- name: ends
-- How many events some streams have, how many of them a place of the log has passed, and what they are of.
select
    s.stream_id,
    coalesce(max(e.version), 0) as last,
    coalesce(max(e.version) filter (where (e.tx, e.pos) <= ($2::bigint::text::xid8, $3::bigint)), 0) as passed,
    coalesce(max(split_part(e.type, '.', 1)) filter (where e.version = 1), '') as kind
from unnest($1::uuid[]) as s (stream_id)
left join eventstore.events e using (stream_id)
group by s.stream_id;

-- name: shown
-- How many events the view holds of some charges and checkout sessions.
select stream_id, version from paymentdb.charges where charge_id = any ($1::text[])
union all
select stream_id, version from paymentdb.checkout_sessions where session_id = any ($1::text[]);
