-- The log. Readers follow (tx, pos) and stop below the oldest transaction still running, because a later position can
-- commit before an earlier one.
create schema if not exists eventstore;

create table eventstore.events (
    tx             xid8        not null default pg_current_xact_id(),
    pos            bigint      not null generated always as identity,
    stream_id      uuid        not null,
    version        integer     not null check (version > 0),
    event_id       uuid        not null,
    type           text        not null,
    schema_version smallint    not null check (schema_version > 0),
    data           jsonb       not null,
    metadata       jsonb       not null,
    recorded_at    timestamptz not null default clock_timestamp(),
    constraint events_one_version_per_stream primary key (stream_id, version),
    constraint events_unique_event_id unique (event_id)
);

create index events_in_log_order on eventstore.events (tx, pos);

create function eventstore.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'events are facts: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
        using errcode = 'restrict_violation', hint = 'append an event that corrects the earlier one';
end
$$;

create trigger events_are_never_changed
    before update or delete on eventstore.events
    for each row execute function eventstore.refuse_change();

create trigger events_are_never_truncated
    before truncate on eventstore.events
    for each statement execute function eventstore.refuse_change();

-- A version may only follow the one before it: a stream can have no hole.
create function eventstore.refuse_hole() returns trigger language plpgsql as $$
begin
    if exists (
        select from added a
        where a.version > 1
          and not exists (
              select from eventstore.events e where e.stream_id = a.stream_id and e.version = a.version - 1
          )
    ) then
        raise exception 'an event skips a version of its stream'
            using errcode = 'foreign_key_violation', hint = 'load the stream and decide again';
    end if;
    return null;
end
$$;

create trigger events_leave_no_hole
    after insert on eventstore.events
    referencing new table as added
    for each statement execute function eventstore.refuse_hole();

grant usage on schema eventstore to fincore_service;
grant select, insert on eventstore.events to fincore_service;
