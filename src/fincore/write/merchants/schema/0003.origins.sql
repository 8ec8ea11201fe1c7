-- From which pages a merchant's customers may ask, for each mode: origins exactly as browsers write them, at most 50.
create table merchants.origins (
    merchant_id text        collate "C" not null references merchants.merchants,
    livemode    boolean     not null,
    -- Bounds the number of origins: each takes a free place.
    place       smallint    not null check (place between 1 and 50),
    origin      text        collate "C" not null check (length(origin) <= 280),
    added_at    timestamptz not null,
    primary key (merchant_id, livemode, origin),
    constraint origins_one_per_place unique (merchant_id, livemode, place),
    constraint origins_are_origins check (
        origin ~ '^https://([a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?$'
        or (not livemode and origin ~ '^http://(localhost|127\.0\.0\.1)(:[1-9][0-9]{0,4})?$')
    )
);

create index origins_by_origin on merchants.origins (origin);

grant select, insert, delete on merchants.origins to fincore_service;
