-- name: load_streams
-- All events of some streams, each stream in its own order.
select tx::text::bigint as tx, pos, stream_id, version, event_id, type, schema_version, data, recorded_at
from eventstore.events
where stream_id = any ($1::uuid[])
order by stream_id, version;

-- name: load_events
-- Some events.
select tx::text::bigint as tx, pos, stream_id, version, event_id, type, schema_version, data, recorded_at
from eventstore.events
where event_id = any ($1::uuid[]);

-- name: provenances
-- What stands beside the events of a stream.
select version, metadata from eventstore.events where stream_id = $1 order by version;

-- name: first_traceparent
-- What names the span of the commit that began a stream.
select jsonb_extract_path_text(metadata, 'traceparent') from eventstore.events where stream_id = $1 and version = 1;

-- name: chosen_traceparents
-- What names the spans of the commits of events after a place of the log and up to another one, where their traces were chosen.
select distinct jsonb_extract_path_text(e.metadata, 'traceparent') as traceparent
from eventstore.events e
where (e.tx, e.pos) > ($1::bigint::text::xid8, $2::bigint) and (e.tx, e.pos) <= ($3::bigint::text::xid8, $4::bigint)
  and jsonb_extract_path_text(e.metadata, 'traceparent') like '%-01'
limit $5;

-- name: types
-- The types of the events at some versions of some streams.
select e.stream_id, e.version, e.type
from unnest($1::uuid[], $2::int[]) as w (stream_id, version)
join eventstore.events e using (stream_id, version);

-- name: event_ids
-- The ids of a stream's events, oldest first.
select event_id from eventstore.events where stream_id = $1 order by version;

-- name: stream_versions
-- How far some streams have come.
select s.stream_id, e.version
from unnest($1::uuid[]) as s (stream_id)
cross join lateral (
    select version from eventstore.events where stream_id = s.stream_id order by version desc limit 1
) e;

-- name: stream_versions_until
-- How far some streams had come at a place of the log.
select s.stream_id, e.version
from unnest($1::uuid[]) as s (stream_id)
cross join lateral (
    select version
    from eventstore.events
    where stream_id = s.stream_id and (tx, pos) <= ($2::bigint::text::xid8, $3::bigint)
    order by version desc
    limit 1
) e;

-- name: places
-- Where some events stand, by stream and version.
select e.stream_id, e.version, e.tx::text::bigint as tx, e.pos
from unnest($1::uuid[], $2::int[]) as w (stream_id, version)
join eventstore.events e using (stream_id, version);

-- name: load_versions
-- The events of some streams from a version to another, each stream in its own order.
select tx::text::bigint as tx, pos, stream_id, version, event_id, type, schema_version, data, recorded_at
from unnest($1::uuid[], $2::int[], $3::int[]) as w (of_stream, first_version, last_version)
join eventstore.events on stream_id = of_stream and version between first_version and last_version
order by stream_id, version;

-- name: streams_of_references
-- The streams that some things at PSPs belong to.
select psp, psp_account, psp_reference, stream_id
from unnest($1::text[], $2::text[], $3::text[]) as w (psp, psp_account, psp_reference)
join eventstore.psp_references r using (psp, psp_account, psp_reference);

-- name: read_after
-- The next events of the whole log after a checkpoint. Transactions still running hold the end of the log back, so no
-- event can ever appear behind a reader.
select e.tx::text::bigint as tx, pos, stream_id, version, event_id, type, schema_version, data, recorded_at
from eventstore.events e
where (e.tx, e.pos) > ($1::bigint::text::xid8, $2::bigint)
  and e.tx < pg_snapshot_xmin(pg_current_snapshot())
-- The columns, not the number above that is also called tx: only they are in the index.
order by e.tx, e.pos
limit $3;

-- name: read_types_after
-- The same of the types $4 alone.
select e.tx::text::bigint as tx, pos, stream_id, version, event_id, type, schema_version, data, recorded_at
from eventstore.events e
where (e.tx, e.pos) > ($1::bigint::text::xid8, $2::bigint)
  and e.tx < pg_snapshot_xmin(pg_current_snapshot())
  and e.type = any ($4::text[])
order by e.tx, e.pos
limit $3;

-- name: last_recorded
-- The last events before a place of the log that were recorded up to the time $3: at most $4.
select event_id
from eventstore.events e
where (e.tx, e.pos) < ($1::bigint::text::xid8, $2::bigint) and recorded_at <= $3
order by e.tx desc, e.pos desc
limit $4;

-- name: oldest_unread
-- How long the first event after a checkpoint has been waiting, whether or not it may be read yet.
select extract(epoch from clock_timestamp() - recorded_at)::float8 as age_seconds
from eventstore.events
where (tx, pos) > ($1::bigint::text::xid8, $2::bigint)
order by tx, pos
limit 1;

-- name: unread_after
-- How many events come after a checkpoint, counted up to $3, and when the first of them was recorded.
select
    (
        select count(*)
        from (select from eventstore.events where (tx, pos) > ($1::bigint::text::xid8, $2::bigint) order by tx, pos limit $3) unread
    ) as events,
    (
        select recorded_at from eventstore.events where (tx, pos) > ($1::bigint::text::xid8, $2::bigint) order by tx, pos limit 1
    ) as since;

-- name: end_of_log
-- The last event that may be read yet; none for an empty log.
select e.tx::text::bigint as tx, pos
from eventstore.events e
where e.tx < pg_snapshot_xmin(pg_current_snapshot())
order by e.tx desc, e.pos desc
limit 1;

-- name: load_streams_until
-- All events of some streams up to a place of the log, each stream in its own order.
select tx::text::bigint as tx, pos, stream_id, version, event_id, type, schema_version, data, recorded_at
from eventstore.events
where stream_id = any ($1::uuid[])
  and (tx, pos) <= ($2::bigint::text::xid8, $3::bigint)
order by stream_id, version;

-- name: read_streams_after
-- The next events stream by stream, of those up to a place of the log.
select tx::text::bigint as tx, pos, stream_id, version, event_id, type, schema_version, data, recorded_at
from eventstore.events
where (stream_id, version) > ($1::uuid, $2::int)
  and (tx, pos) <= ($3::bigint::text::xid8, $4::bigint)
order by stream_id, version
limit $5;

-- name: places_after
-- Where the next events of some types stand that were recorded in a time, of those up to a place of the log. A bounded number of events
-- is looked at; the last one of them always comes back, so that the reader can go on from there.
with looked as materialized (
    select e.tx, e.pos, e.stream_id, e.type, e.recorded_at
    from eventstore.events e
    where (e.tx, e.pos) > ($1::bigint::text::xid8, $2::bigint) and (e.tx, e.pos) <= ($3::bigint::text::xid8, $4::bigint)
    order by e.tx, e.pos
    limit $5
),
judged as (
    select l.*, l.type = any ($6::text[]) and l.recorded_at between $7 and $8 as is_wanted from looked l
)
select j.tx::text::bigint as tx, j.pos, j.stream_id, j.is_wanted
from judged j
where j.is_wanted or (j.tx, j.pos) = (select l.tx, l.pos from looked l order by l.tx desc, l.pos desc limit 1)
order by j.tx, j.pos;
