-- The reports of days: the runs of each day, and the hash of its report, which names the hash of the report of the day before.

-- One row for each day with a run, once a run of a later day has finished. A day has the runs after those of the day before, up to
-- `last_run_no`. Each day but the first has exactly one before it, and none has two after it, so that no run is added to a day or left
-- out between two.
create table reconciliation.day_reports (
    day           date        primary key,
    last_run_no   bigint      not null unique references reconciliation.reports,
    sha256        text        collate "C" not null unique check (sha256 ~ '^[0-9a-f]{64}$'),
    day_before    date,
    run_no_before bigint,
    sha256_before text        collate "C",
    -- A run of a later day.
    sealed_by     bigint      not null references reconciliation.reports check (sealed_by > last_run_no),
    -- The version of the report's form: another version makes other bytes of the same day.
    form_version  integer     not null check (form_version > 0),
    written_at    timestamptz not null default clock_timestamp(),
    unique (day, last_run_no, sha256),
    foreign key (day_before, run_no_before, sha256_before) references reconciliation.day_reports (day, last_run_no, sha256) match full,
    constraint day_reports_follow_one_another unique nulls not distinct (day_before),
    constraint day_reports_are_in_the_order_of_days check (day_before < day),
    constraint day_reports_are_in_the_order_of_runs check (run_no_before < last_run_no)
);

create trigger day_reports_are_never_changed
    before update or delete on reconciliation.day_reports
    for each statement execute function reconciliation.refuse_change_of_evidence();
create trigger day_reports_are_never_truncated
    before truncate on reconciliation.day_reports
    for each statement execute function reconciliation.refuse_change_of_evidence();

grant select, insert on reconciliation.day_reports to fincore_service;
