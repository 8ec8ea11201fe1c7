-- name: has_listeners
-- Whether any endpoint is enabled.
select exists (select from notify.endpoints where status = 'enabled');

-- name: recipients
-- Which enabled endpoints want which of some events. The first event of a stream names its merchant. An endpoint hears of
-- what was written after it was made.
select e.event_no, p.endpoint_id, p.livemode
from unnest($1::int[], $2::uuid[], $3::bigint[], $4::text[]) as e (event_no, stream_id, tx, type)
join eventstore.events first on first.stream_id = e.stream_id and first.version = 1
join notify.endpoints p
    on p.merchant_id = first.data ->> 'merchant_id' and p.livemode = (first.data ->> 'livemode')::boolean
where p.status = 'enabled'
  and p.event_types && array[e.type, split_part(e.type, '.', 1) || '.*', '*']
  and p.created_tx < e.tx::text::xid8
order by e.event_no, p.endpoint_id;

-- name: insert_deliveries
-- New deliveries, due at once; an event that an endpoint has got a delivery for is left as it is.
insert into notify.deliveries
    (delivery_id, endpoint_id, event_id, event_type, body, status, next_attempt_at, created_at)
select delivery_id, endpoint_id, event_id, event_type, body, 'pending', $6, $6
from unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::bytea[])
    as t (delivery_id, endpoint_id, event_id, event_type, body)
on conflict (endpoint_id, event_id) do nothing;
