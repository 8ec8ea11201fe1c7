-- name: take_turn
-- One at a time, until this session ends or gives it back.
select pg_try_advisory_lock(hashtext('fincore.risk.rebuild'));

-- name: give_turn_back
-- The next session may begin.
select pg_advisory_unlock(hashtext('fincore.risk.rebuild'));

-- name: begin
-- An empty table beside the live one, of the same shape.
drop schema if exists risk_next cascade;
create schema risk_next;
create table risk_next.outcomes (like risk.outcomes including constraints, primary key (outcome)) with (fillfactor = 60);
create index outcomes_by_end on risk_next.outcomes (lapses_on);
grant select, insert, update, delete on risk_next.outcomes to fincore_service;

-- name: counted
-- Which outcomes are counted, and from which place of the log on.
select measure, key, since_tx, since_pos from risk.counted_outcomes order by measure, key;

-- name: fill_instruments
-- Keep what PSPs told of the cards behind some tokens, where it is not known: what is known may have been told later.
insert into risk.instruments as i (instrument, brand, country, funding, fingerprint, lapses_on)
select t.instrument, t.brand, t.country, t.funding, t.fingerprint, t.lapses_on
from unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[])
    as t (instrument, brand, country, funding, fingerprint, lapses_on)
where t.lapses_on > (now() at time zone 'utc')::date
order by t.instrument
on conflict (instrument) do update set
    brand = coalesce(i.brand, excluded.brand),
    country = coalesce(i.country, excluded.country),
    funding = coalesce(i.funding, excluded.funding),
    fingerprint = coalesce(i.fingerprint, excluded.fingerprint),
    lapses_on = greatest(i.lapses_on, excluded.lapses_on);

-- name: wait_for_consumer
-- The consumer holds its checkpoint for one batch.
set local lock_timeout = '10s';

-- name: begin_checkpoint
-- Where the consumer has never run, there is none to lock.
insert into risk.checkpoints (consumer, tx, pos) values ('risk', 0, 0) on conflict (consumer) do nothing;

-- name: lock_checkpoint
-- From here the consumer waits; it then finds its checkpoint moved, and goes on from there.
select from risk.checkpoints where consumer = 'risk' for update;

-- name: move_checkpoint
-- The new counters hold what the log tells up to here.
update risk.checkpoints set tx = $1, pos = $2, moved_at = clock_timestamp() where consumer = 'risk';

-- name: forget_parked
-- What was parked for the live counters says nothing about the new ones.
delete from risk.parked_streams where consumer = 'risk';

-- name: keep_parked
-- The streams that could not be counted to their end.
insert into risk.parked_streams (consumer, stream_id, since_version, reason)
select 'risk', s.stream_id, s.since_version, s.reason
from unnest($1::uuid[], $2::int[], $3::text[]) as s (stream_id, since_version, reason);

-- name: count_from_beginning
-- Some outcomes are complete from the beginning of the log on.
insert into risk.counted_outcomes (measure, key, since_tx, since_pos)
select wanted.measure, wanted.key, 0, 0 from unnest($1::text[], $2::text[]) as wanted (measure, key)
on conflict (measure, key) do update set since_tx = 0, since_pos = 0;

-- name: wait_briefly
-- Charges that are assessed wait behind the switch: it tries again rather than hold them up for longer.
set local lock_timeout = '100ms';

-- name: switch
-- The new table takes the place of the live one; its indexes have the same names already.
drop table risk.outcomes;
alter table risk_next.outcomes set schema risk;

-- name: count_rows
-- How many counters there are.
select count(*) from risk.outcomes;

-- name: end
-- Nothing is left beside the live tables.
drop schema if exists risk_next cascade;
