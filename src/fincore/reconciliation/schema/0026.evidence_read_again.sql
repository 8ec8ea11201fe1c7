-- Kept files that were read again, and what was found: each is read again and again, so that damage is seen before a person needs the file.

-- Every file that is to be in the evidence store.
create view reconciliation.kept_evidence as
select file_id as record, name, location, sha256, size_bytes, fetched_at as kept_at from reconciliation.files
union all
select 'statement ' || statement_no || ' of ' || bank, name, location, sha256, size_bytes, imported_at from reconciliation.bank_statements;

create table reconciliation.evidence_checks (
    -- As `kept_evidence` names it.
    record     text        collate "C" primary key check (length(record) between 1 and 200),
    checked_at timestamptz not null default clock_timestamp(),
    size_bytes bigint      not null check (size_bytes >= 0),
    -- Why the file is not as it came; null where it is.
    flaw       text        check (length(flaw) between 1 and 1000)
);
create index evidence_checks_by_time on reconciliation.evidence_checks (checked_at);

grant select on reconciliation.kept_evidence to fincore_service;
grant select, insert, update on reconciliation.evidence_checks to fincore_service;
