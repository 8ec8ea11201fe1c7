-- name: begin
-- An empty table beside the live one, without its indexes: they are built at the end, in one go.
drop table if exists paymentdb.charges_next;
create table paymentdb.charges_next (like paymentdb.charges including defaults including constraints);
grant select, insert, update on paymentdb.charges_next to fincore_service;

-- name: build_indexes
-- The indexes that the live table has, whatever they are.
do $$
declare
    live record;
begin
    for live in select indexname, indexdef from pg_indexes where schemaname = 'paymentdb' and tablename = 'charges' loop
        execute replace(
            replace(live.indexdef, format(' INDEX %I ON ', live.indexname), format(' INDEX %I ON ', live.indexname || '_next')),
            ' ON paymentdb.charges ', ' ON paymentdb.charges_next '
        );
    end loop;
    analyze paymentdb.charges_next;
end
$$;

-- name: lock_checkpoint
-- From here a projectionist waits; it then finds its checkpoint moved, and goes on from there.
insert into paymentdb.checkpoints (consumer, tx, pos) values ('projectionist', $1, $2)
on conflict (consumer) do update set tx = excluded.tx, pos = excluded.pos, moved_at = clock_timestamp();

-- name: swap
-- The new table takes the place and the names of the live one.
do $$
declare
    built record;
begin
    drop table paymentdb.charges;
    alter table paymentdb.charges_next rename to charges;
    for built in select indexname from pg_indexes where schemaname = 'paymentdb' and tablename = 'charges' loop
        execute format('alter index paymentdb.%I rename to %I', built.indexname, regexp_replace(built.indexname, '_next$', ''));
    end loop;
    alter table paymentdb.charges add constraint charges_pkey primary key using index charges_pkey;
end
$$;
