-- One row for each scope: the pages, and the frames for PayPal of each mode. A comparison of one says nothing of another.
alter table pages.verifications
    drop constraint verifications_pkey,
    drop column place,
    add column scope text collate "C" not null default 'pages' check (scope in ('pages', 'frames_live', 'frames_test')),
    -- Null for a scope that is to be compared and never was.
    alter column run_at drop not null,
    add primary key (scope);
alter table pages.verifications alter column scope drop default;
