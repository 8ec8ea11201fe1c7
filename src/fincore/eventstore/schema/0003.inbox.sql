-- What PSPs told us, raw, as received and verified. The PSP's event id is the key: the same event twice is one row.
create table eventstore.inbox (
    psp          text        not null,
    psp_account  text        not null,
    psp_event_id text        not null,
    type         text        not null,
    body         bytea       not null,
    received_at  timestamptz not null default clock_timestamp(),
    primary key (psp, psp_account, psp_event_id)
);

grant select, insert on eventstore.inbox to fincore_service;
