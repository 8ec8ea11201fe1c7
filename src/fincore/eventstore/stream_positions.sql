-- name: hold_checkpoint
-- Where a consumer stands in the log, which no reader of the log moves until this transaction ends. Others may hold it, too. The end of the
-- transaction waits for the disk, and with it for what was committed before: what follows from it is forgotten elsewhere.
select tx, pos, set_config('synchronous_commit', 'on', true)
from checkpoints
where consumer = $1
for share;

-- name: positions
-- How far a consumer has come in some streams that it follows ahead of its checkpoint.
select stream_id, version from stream_positions where consumer = $1 and stream_id = any ($2::uuid[]);

-- name: begin
-- Streams that a consumer follows ahead of its checkpoint from now on. In one order, so that two transactions wait and do not deadlock.
insert into stream_positions (consumer, stream_id, version)
select $1, s.stream_id, s.version
from unnest($2::uuid[], $3::int[]) as s (stream_id, version)
order by s.stream_id
on conflict do nothing;

-- name: lock
-- How far a consumer has come in some streams; it stays there until this transaction ends. Since which version each is parked comes with it.
select s.stream_id, s.version, p.since_version
from stream_positions s
left join parked_streams p using (consumer, stream_id)
where s.consumer = $1 and s.stream_id = any ($2::uuid[])
order by s.stream_id
for update of s;

-- name: move
-- Compare and set: a position that is no longer where it was read is not moved.
update stream_positions s
set version = m.until
from unnest($2::uuid[], $3::int[], $4::int[]) as m (stream_id, at, until)
where s.consumer = $1 and s.stream_id = m.stream_id and s.version = m.at
returning s.stream_id;

-- name: forget
-- Streams that the checkpoint has caught up with.
delete from stream_positions where consumer = $1 and stream_id = any ($2::uuid[]);
