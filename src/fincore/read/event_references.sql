-- name: event_references
-- The refund or the dispute that some events are about, of those that are about one.
select event_id, data ->> 'refund_id' as refund_id, data ->> 'dispute_id' as dispute_id
from eventstore.events
where event_id = any ($1::uuid[])
  and (data ? 'refund_id' or data ? 'dispute_id');

-- name: stream_of_refund
-- The stream a refund was asked for in.
select stream_id
from eventstore.events
where type = 'refund.requested' and data ->> 'refund_id' = $1;
