-- name: stored_reports
-- Some events that PSPs sent, as they arrived, where their bodies are still kept.
select psp, psp_account, psp_event_id, type, body, received_at
from eventstore.inbox
join unnest($1::text[], $2::text[], $3::text[]) as wanted (psp, psp_account, psp_event_id)
    using (psp, psp_account, psp_event_id)
where body is not null;

-- name: received_reports
-- When some events of PSPs arrived, whether or not their bodies are still kept.
select psp, psp_account, psp_event_id, type, received_at, body is not null as has_body
from eventstore.inbox
join unnest($1::text[], $2::text[], $3::text[]) as wanted (psp, psp_account, psp_event_id)
    using (psp, psp_account, psp_event_id)
order by received_at, psp_event_id;

-- name: purge_bodies
-- Delete bodies past their retention by this server's clock, a bounded number of the oldest; the key and the hash stay.
-- With $2 only those of types that no job reads. A body stays while a job reads it or is held for a person, and while a
-- report that waits for a person is in it.
with reading as materialized (
    select convert_from(payload, 'UTF8')::jsonb as event
    from queue.pgqueuer
    where entrypoint = 'webhook.interpret'
),
old as (
    select psp, psp_account, psp_event_id
    from eventstore.inbox i
    where body is not null
      and received_at < now() - $1::interval
      and (not $2 or not is_interesting)
      and not exists (
          select from reading r
          where (r.event ->> 'psp', r.event ->> 'psp_account', r.event ->> 'psp_event_id')
              = (i.psp, i.psp_account, i.psp_event_id)
      )
      and not exists (
          select from eventstore.events held
          where held.type = 'charge.report_held'
            and held.data ->> 'psp_event_id' = i.psp_event_id
            and (held.data ->> 'psp', held.data ->> 'psp_account') = (i.psp, i.psp_account)
            and not exists (
                select from eventstore.events released
                where released.stream_id = held.stream_id
                  and released.version > held.version
                  and released.type = 'charge.report_released'
                  and released.data ->> 'psp_event_id' = i.psp_event_id
            )
      )
    order by received_at
    limit $3
    for update skip locked
)
update eventstore.inbox i
set body = null, body_sha256 = coalesce(i.body_sha256, sha256(i.body))
from old
where (i.psp, i.psp_account, i.psp_event_id) = (old.psp, old.psp_account, old.psp_event_id);
