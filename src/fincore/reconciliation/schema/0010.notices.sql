-- What operations are told of reconciliation, and how far each channel has come with it.

-- What is wrong between runs, from when on and until when. It is told once, when it begins.
create table reconciliation.findings (
    finding_no bigint      generated always as identity primary key,
    kind       text        collate "C" not null check (length(kind) between 1 and 40),
    -- What is wrong, as `file_late:paypal_eu`.
    subject    text        collate "C" not null check (length(subject) between 1 and 300),
    began_at   timestamptz not null default clock_timestamp(),
    ended_at   timestamptz
);
create unique index findings_by_subject on reconciliation.findings (subject) where ended_at is null;

-- Runs of the role that ended with an error: `after_run` is the last run that had finished then, so that the next one ends it.
create table reconciliation.failed_runs (
    failure_no bigint      generated always as identity primary key,
    failed_at  timestamptz not null default clock_timestamp(),
    after_run  bigint      not null default 0,
    reason     text        not null check (length(reason) between 1 and 1000)
);

-- One row for each thing that is told, with its content: each attempt on each channel sends the same.
create table reconciliation.notices (
    notice_no bigint      generated always as identity primary key,
    about     text        collate "C" not null unique check (length(about) between 1 and 100),
    notice    jsonb       not null check (jsonb_typeof(notice) = 'object'),
    made_at   timestamptz not null default clock_timestamp()
);

create table reconciliation.notice_deliveries (
    notice_no       bigint      not null references reconciliation.notices on delete cascade,
    channel         text        collate "C" not null check (channel in ('console', 'webhook', 'email')),
    status          text        collate "C" not null default 'waiting' check (status in ('waiting', 'sent', 'dead')),
    attempts        integer     not null default 0 check (attempts >= 0),
    next_attempt_at timestamptz not null default clock_timestamp(),
    -- Until then one process sends it; its lease ends by itself when the process dies.
    leased_until    timestamptz,
    -- Why the last attempt failed.
    failure         text        check (length(failure) between 1 and 500),
    finished_at     timestamptz,
    primary key (notice_no, channel),
    constraint notice_deliveries_finish_once check ((status = 'waiting') = (finished_at is null)),
    constraint notice_deliveries_die_for_a_reason check (status <> 'dead' or failure is not null)
);
create index notice_deliveries_by_channel on reconciliation.notice_deliveries (channel, notice_no) where status = 'waiting';

-- The last run and the last day of which operations were told, or did not want to be told. Those of before are not told.
create table reconciliation.told (
    one_row  boolean primary key default true check (one_row),
    run_no   bigint  not null,
    last_day date
);
insert into reconciliation.told (run_no, last_day)
values (
    (select coalesce(max(run_no), 0) from reconciliation.runs),
    (select max(day) from reconciliation.day_reports)
);

grant select, insert, update (ended_at) on reconciliation.findings to fincore_service;
grant select, insert on reconciliation.failed_runs to fincore_service;
grant delete on reconciliation.findings, reconciliation.failed_runs to fincore_service;
grant select, insert, delete on reconciliation.notices to fincore_service;
grant select, insert, update, delete on reconciliation.notice_deliveries to fincore_service;
grant select, update (run_no, last_day) on reconciliation.told to fincore_service;
