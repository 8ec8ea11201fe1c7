-- How far the log has been carried to engines outside the database.
create schema if not exists relay;

create table relay.checkpoints (
    sink     text        primary key check (length(sink) between 1 and 300),
    tx       bigint      not null check (tx >= 0),
    pos      bigint      not null check (pos >= 0),
    moved_at timestamptz not null default clock_timestamp()
);

grant usage on schema relay to fincore_service;
grant select, insert, update on relay.checkpoints to fincore_service;
