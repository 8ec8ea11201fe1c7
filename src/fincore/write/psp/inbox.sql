-- name: bodies_of
-- The raw bytes of some events that PSPs sent.
select psp, psp_account, psp_event_id, body
from eventstore.inbox
join unnest($1::text[], $2::text[], $3::text[]) as wanted (psp, psp_account, psp_event_id)
    using (psp, psp_account, psp_event_id);
