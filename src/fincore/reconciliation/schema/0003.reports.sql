-- What each run found, kept so that its report can be made again at any time, and the proof that it is the same report.

-- The class and amount of a break from a run on: a break keeps its number while what is known of it changes.
create table reconciliation.break_states (
    break_id     bigint not null references reconciliation.breaks,
    run_no       bigint not null references reconciliation.runs,
    class        text   collate "C" not null,
    currency     text   collate "C",
    amount_minor bigint,
    primary key (break_id, run_no)
);
-- Of breaks of before only what they are now is known.
insert into reconciliation.break_states (break_id, run_no, class, currency, amount_minor)
select break_id, opened_by, class, currency, amount_minor from reconciliation.breaks;

create function reconciliation.keep_new_break_states() returns trigger language plpgsql as $$
begin
    insert into reconciliation.break_states (break_id, run_no, class, currency, amount_minor)
    select break_id, opened_by, class, currency, amount_minor from written;
    return null;
end
$$;
create trigger breaks_that_open_have_a_state
    after insert on reconciliation.breaks
    referencing new table as written
    for each statement execute function reconciliation.keep_new_break_states();

create function reconciliation.keep_changed_break_states() returns trigger language plpgsql as $$
begin
    insert into reconciliation.break_states (break_id, run_no, class, currency, amount_minor)
    select w.break_id, w.seen_by, w.class, w.currency, w.amount_minor
    from written w
    join overwritten o using (break_id)
    where (w.class, w.currency, w.amount_minor) is distinct from (o.class, o.currency, o.amount_minor);
    return null;
end
$$;
create trigger breaks_that_change_have_a_further_state
    after update on reconciliation.breaks
    referencing old table as overwritten new table as written
    for each statement execute function reconciliation.keep_changed_break_states();

-- One row for each run that finished: the hash of its report, which names the hash of the report before. Each report but the
-- first has exactly one before it, and none has two after it.
create table reconciliation.reports (
    run_no        bigint      primary key references reconciliation.runs,
    sha256        text        collate "C" not null unique check (sha256 ~ '^[0-9a-f]{64}$'),
    sha256_before text        collate "C" references reconciliation.reports (sha256) check (sha256_before <> sha256),
    -- The version of the report's form: another version makes other bytes of the same run.
    form_version  integer     not null check (form_version > 0),
    written_at    timestamptz not null default clock_timestamp(),
    constraint reports_follow_one_another unique nulls not distinct (sha256_before)
);

create trigger break_states_are_never_changed
    before update or delete on reconciliation.break_states
    for each statement execute function reconciliation.refuse_change_of_evidence();
create trigger break_states_are_never_truncated
    before truncate on reconciliation.break_states
    for each statement execute function reconciliation.refuse_change_of_evidence();
create trigger reports_are_never_changed
    before update or delete on reconciliation.reports
    for each statement execute function reconciliation.refuse_change_of_evidence();
create trigger reports_are_never_truncated
    before truncate on reconciliation.reports
    for each statement execute function reconciliation.refuse_change_of_evidence();

grant select, insert on reconciliation.break_states, reconciliation.reports to fincore_service;
