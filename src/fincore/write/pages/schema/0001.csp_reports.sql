-- Violations of the content security policies of FinCore's pages, as browsers report them: one row for each page, directive and
-- blocked source. Nothing here is believed, and nothing names a customer. It may be lost.
create schema if not exists pages;

create table pages.csp_reports (
    -- The path with names in place of ids, such as /return/{charge_id}/{word}.
    page          text        collate "C" not null check (length(page) between 1 and 200 and page !~ '[?#]'),
    directive     text        collate "C" not null check (length(directive) between 1 and 40),
    -- A word such as inline, or an origin.
    blocked       text        collate "C" not null check (length(blocked) between 1 and 300 and blocked !~ '[?#]'),
    reports       bigint      not null check (reports > 0),
    first_seen_at timestamptz not null,
    last_seen_at  timestamptz not null check (last_seen_at >= first_seen_at),
    primary key (page, directive, blocked)
);

grant usage on schema pages to fincore_service;
grant select, insert, update, delete on pages.csp_reports to fincore_service;
