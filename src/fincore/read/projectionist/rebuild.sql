-- name: begin
-- A schema for the tables to come, empty.
drop schema if exists paymentdb_next cascade;
create schema paymentdb_next;

-- name: create_table
-- An empty table beside the live one, without its indexes: they are built at the end, in one go.
create table paymentdb_next.{table} (like paymentdb.{table} including defaults including constraints);

-- name: write_lazily
-- A crash throws away what is written beside the live tables. The switch waits for the disk, and with it for all of this.
set local synchronous_commit = off;

-- name: finish_table
-- All indexes, keys, statistics and grants that the live table has.
do $$
declare
    live record;
begin
    for live in select indexdef from pg_indexes where schemaname = 'paymentdb' and tablename = '{table}' loop
        execute replace(live.indexdef, ' ON paymentdb.', ' ON paymentdb_next.');
    end loop;
    for live in
        select c.conname, case c.contype when 'p' then 'primary key' else 'unique' end as kind, i.relname as index
        from pg_constraint c
        join pg_class i on i.oid = c.conindid
        where c.conrelid = 'paymentdb.{table}'::regclass and c.contype in ('p', 'u')
    loop
        execute format(
            'alter table paymentdb_next.{table} add constraint %I %s using index %I', live.conname, live.kind, live.index
        );
    end loop;
    for live in
        select g.privilege_type, g.grantee::regrole as grantee
        from pg_class t, aclexplode(t.relacl) g
        where t.oid = 'paymentdb.{table}'::regclass and g.grantee <> t.relowner
    loop
        execute format('grant %s on paymentdb_next.{table} to %s', live.privilege_type, live.grantee);
    end loop;
    for live in
        select pg_get_statisticsobjdef(oid) as definition from pg_statistic_ext where stxrelid = 'paymentdb.{table}'::regclass
    loop
        execute replace(live.definition, 'paymentdb.', 'paymentdb_next.');
    end loop;
    analyze paymentdb_next.{table};
end
$$;

-- name: lock_checkpoint
-- From here a projectionist waits; it then finds its checkpoint moved, and goes on from there.
insert into paymentdb.checkpoints (consumer, tx, pos) values ('projectionist', $1, $2)
on conflict (consumer) do update set tx = excluded.tx, pos = excluded.pos, moved_at = clock_timestamp();

-- name: wait_briefly
-- A reader keeps the tables for a moment; the switch tries again rather than hold up all sessions behind it.
set local lock_timeout = '2s';

-- name: forget_parked
-- What was parked for the live tables says nothing about the new ones.
delete from paymentdb.parked_streams where consumer = 'projectionist';

-- name: forget_positions
-- The new tables stand where the checkpoint says, in every stream.
delete from paymentdb.stream_positions where consumer = 'projectionist';

-- name: positions_after
-- The next streams in which the live tables are ahead of their checkpoint, and how far.
select stream_id, version
from paymentdb.stream_positions
where consumer = 'projectionist' and stream_id > $1
order by stream_id
limit $2;

-- name: keep_parked
-- The streams that could not be folded to their end.
insert into paymentdb.parked_streams (consumer, stream_id, since_version, reason)
select 'projectionist', s.stream_id, s.since_version, s.reason
from unnest($1::uuid[], $2::int[], $3::text[]) as s (stream_id, since_version, reason);

-- name: switch_table
-- The new table takes the place of the live one; its indexes and keys have the same names already.
drop table paymentdb.{table};
alter table paymentdb_next.{table} set schema paymentdb;
do $$
declare
    moved record;
begin
    for moved in select stxname from pg_statistic_ext where stxrelid = 'paymentdb.{table}'::regclass loop
        execute format('alter statistics paymentdb_next.%I set schema paymentdb', moved.stxname);
    end loop;
end
$$;

-- name: count_rows
-- How much was written.
select count(*) from paymentdb_next.{table};

-- name: live_checkpoint
-- How far the live tables have come.
select tx, pos from paymentdb.checkpoints where consumer = 'projectionist';

-- name: drop_charges
-- What a table says of some charges, to be written anew.
delete from paymentdb_next.{table} where charge_id = any ($1::text[]);

-- name: drop_sessions
-- What a table says of some checkout sessions, to be written anew.
delete from paymentdb_next.{table} where session_id = any ($1::text[]);

-- name: differing
-- The rows in which the live table and the new one differ: how many, and the first of them.
with differing as materialized (
    select
        coalesce(live.{key}, built.{key})::text as key,
        case
            when built.{key} is null then 'is only in the live table'
            when live.{key} is null then 'is missing in the live table'
            else 'differs'
        end as finding
    from paymentdb.{table} live
    full join paymentdb_next.{table} built using ({columns})
    where live is distinct from built
)
select key, finding, count(*) over () as rows
from differing
order by key
limit $1;

-- name: end
-- Nothing is left beside the live tables.
drop schema if exists paymentdb_next cascade;
