-- name: begin_checkpoint
-- A consumer's place in the log, at the beginning. Unqualified: each read model keeps its own table of checkpoints,
-- found by the search path of its pool.
insert into checkpoints (consumer, tx, pos) values ($1, 0, 0) on conflict (consumer) do nothing;

-- name: read_checkpoint
-- Where a consumer stands.
select tx, pos from checkpoints where consumer = $1;

-- name: move_checkpoint
-- Compare and set: a second runner that read the same events finds no row to move, and its effects are rolled back.
-- Whether anything may be parked is answered by the way. Only runners park, each behind the checkpoint it moved, so a yes
-- may be stale after a wait, and a no never is.
update checkpoints
set tx = $4, pos = $5, moved_at = clock_timestamp()
where consumer = $1 and tx = $2 and pos = $3
returning exists (select from parked_streams p where p.consumer = $1) as has_parked;
