-- How far a consumer of shards has come in each stream that it follows ahead of its checkpoint: moved in the transaction of the effects. A
-- stream without a row stands where the checkpoint has it.
create table notify.stream_positions (
    consumer  text    not null,
    stream_id uuid    not null,
    version   integer not null check (version >= 0),
    primary key (consumer, stream_id)
);

grant select, insert, update, delete on notify.stream_positions to fincore_service;
