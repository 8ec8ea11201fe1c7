-- The last comparison of the pages, as customers are served them, with the inventory of the package: one row, none before the first.
create table pages.verifications (
    place       smallint    primary key default 1 check (place = 1),
    run_at      timestamptz not null,
    -- What differed, or could not be checked.
    problems    integer     not null check (problems >= 0),
    -- The last time that there was no problem; null before.
    matched_at  timestamptz check (matched_at <= run_at),
    check (problems > 0 or matched_at = run_at)
);

grant select, insert, update on pages.verifications to fincore_service;
