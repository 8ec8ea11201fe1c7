-- name: list_held
-- Reports that wait for a person, oldest first; those of one charge, one event of the PSP, one kind, one mode or some merchants,
-- where named; after the time $7, the charge with the stream $8 and the digest $9 of the PSP's id of the event, where given.
select
    h.stream_id, h.recorded_at, h.data ->> 'psp' as psp, h.data ->> 'psp_account' as psp_account,
    h.data ->> 'psp_event_id' as psp_event_id, h.data ->> 'report_type' as report_type, h.data ->> 'reason' as reason,
    h.data ->> 'detail' as detail, c.data ->> 'merchant_id' as merchant_id, (c.data ->> 'livemode')::boolean as livemode
from eventstore.events h
join eventstore.events c on c.stream_id = h.stream_id and c.version = 1
where h.type = 'charge.report_held'
  and ($5::boolean is null or (c.data ->> 'livemode')::boolean = $5)
  and ($6::text[] is null or c.data ->> 'merchant_id' = any ($6))
  and ($1::uuid is null or h.stream_id = $1)
  and ($2::text is null or h.data ->> 'psp_event_id' = $2)
  and ($3::text is null or h.data ->> 'report_type' = $3)
  and not exists (
      select
      from eventstore.events r
      where r.type = 'charge.report_released'
        and r.data ->> 'psp_event_id' = h.data ->> 'psp_event_id'
        and r.stream_id = h.stream_id and r.version > h.version
  )
  and (
      $7::timestamptz is null
      or (h.recorded_at, h.stream_id, encode(sha256(convert_to(h.data ->> 'psp_event_id', 'UTF8')), 'hex')) > ($7, $8::uuid, $9::text)
  )
order by h.recorded_at, h.stream_id, encode(sha256(convert_to(h.data ->> 'psp_event_id', 'UTF8')), 'hex')
limit $4;

-- name: count_held
-- How many reports wait for a person, and how long the oldest has waited.
select
    count(*) as reports,
    coalesce(extract(epoch from clock_timestamp() - min(h.recorded_at)), 0)::float8 as oldest_seconds
from eventstore.events h
where h.type = 'charge.report_held'
  and not exists (
      select
      from eventstore.events r
      where r.type = 'charge.report_released'
        and r.data ->> 'psp_event_id' = h.data ->> 'psp_event_id'
        and r.stream_id = h.stream_id and r.version > h.version
  );
