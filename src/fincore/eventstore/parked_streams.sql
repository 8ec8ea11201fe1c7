-- name: park
-- From a version on, a consumer has no more to do with some streams. Unqualified: each read model keeps its own table of
-- parked streams beside its checkpoints, found by the search path of its pool.
insert into parked_streams (consumer, stream_id, since_version, reason)
select $1, s.stream_id, s.since_version, s.reason
from unnest($2::uuid[], $3::int[], $4::text[]) as s (stream_id, since_version, reason);

-- name: parked
-- The streams that a consumer leaves alone.
select consumer, stream_id, since_version, reason, parked_at
from parked_streams
where consumer = $1
order by parked_at, stream_id;

-- name: lock_checkpoint
-- Where a consumer stands; it stays there until this transaction ends.
select tx, pos from checkpoints where consumer = $1 for update;

-- name: unpark
-- A stream that its consumer takes up again, and from which version on.
delete from parked_streams where consumer = $1 and stream_id = $2 returning since_version;
