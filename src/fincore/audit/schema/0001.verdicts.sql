-- What the auditor found last of each invariant, for staff: metrics have the history.
create schema if not exists audit;

create table audit.verdicts (
    invariant  text        collate "C" primary key check (length(invariant) between 1 and 100),
    verdict    text        not null check (verdict in ('holds', 'broken', 'unchecked')),
    violations integer     not null check (violations >= 0),
    checked_at timestamptz not null,
    constraint verdicts_are_broken_by_rows check ((verdict = 'broken') = (violations > 0))
);

grant usage on schema audit to fincore_service;
grant select, insert, update, delete on audit.verdicts to fincore_service;
