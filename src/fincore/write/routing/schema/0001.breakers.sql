-- Whether each account at a PSP can be reached, as all processes together see it. Nothing here is the truth about money: it may be
-- lost, and then every breaker is closed.
create schema if not exists routing;

create table routing.breakers (
    psp        text        collate "C" not null,
    account    text        collate "C" not null,
    state      text        not null check (state in ('closed', 'open', 'half_open')),
    -- Until when no call is made (open), or the one call that tries has to be over (half_open).
    until      timestamptz check ((until is null) = (state = 'closed')),
    -- How often in a row the breaker has opened: each time the wait is longer.
    waits      integer     not null check (waits >= 0),
    openings   bigint      not null default 0,
    reason     text        not null check (length(reason) <= 500),
    changed_at timestamptz not null,
    primary key (psp, account)
);

create table routing.breaker_counts (
    psp         text        collate "C" not null,
    account     text        collate "C" not null,
    bucket      timestamptz not null,
    available   bigint      not null check (available >= 0),
    unavailable bigint      not null check (unavailable >= 0),
    primary key (psp, account, bucket)
);

grant usage on schema routing to fincore_service;
grant select, insert, update on routing.breakers to fincore_service;
grant select, insert, update, delete on routing.breaker_counts to fincore_service;
