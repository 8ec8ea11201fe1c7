-- name: begin
-- The place of a sink, at the beginning of the log.
insert into relay.checkpoints (sink, tx, pos) values ($1, 0, 0) on conflict (sink) do nothing;

-- name: read
-- How far a sink has come.
select tx, pos from relay.checkpoints where sink = $1;

-- name: move
-- Compare and set: a second relay of the same sink finds no row to move.
update relay.checkpoints
set tx = $4, pos = $5, moved_at = clock_timestamp()
where sink = $1 and tx = $2 and pos = $3
returning true;
