-- Streams a consumer leaves alone since a version, because it could not apply that event.
create table paymentdb.parked_streams (
    consumer      text        not null,
    stream_id     uuid        not null,
    since_version integer     not null,
    reason        text        not null,
    parked_at     timestamptz not null default clock_timestamp(),
    primary key (consumer, stream_id)
);

grant select, insert, delete on paymentdb.parked_streams to fincore_service;
