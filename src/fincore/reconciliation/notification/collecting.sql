-- name: try_turn
-- One process at a time makes notices.
select pg_try_advisory_xact_lock(hashtext('fincore.reconciliation.notices'));

-- name: told
-- The last run and day of which operations were told.
select run_no, last_day from reconciliation.told;

-- name: last_run
-- The last run that finished and of which a report was kept.
select coalesce(max(r.run_no), 0) from reconciliation.runs r join reconciliation.reports p using (run_no) where r.finished_at is not null;

-- name: untold_runs
-- Of the runs after $1 up to $2 the last $3, without those up to the last one that looked more than $4 days ago.
select *
from (
    select r.run_no, r.run_id, r.cut_off, r.last_entry_id, max(r.run_no) filter (where not r.cut_off > clock_timestamp() - make_interval(days => $4)) over () as last_old
    from reconciliation.runs r
    join reconciliation.reports p using (run_no)
    where r.run_no > $1 and r.run_no <= $2 and r.finished_at is not null
    order by r.run_no desc
    limit $3
) last
where last_old is null or run_no > last_old
order by run_no;

-- name: skipped_runs
-- The runs after $1 and before $2: how many, and the last one.
select count(*) over () as runs, r.run_no, r.run_id, r.cut_off
from reconciliation.runs r
join reconciliation.reports p using (run_no)
where r.run_no > $1 and r.run_no < $2 and r.finished_at is not null
order by r.run_no desc
limit 1;

-- name: last_day
-- The last sealed day.
select max(day) from reconciliation.day_reports;

-- name: untold_days
-- The last $3 sealed days after $1 up to $2 that began within $4 days.
select *
from (
    select day, day_before
    from reconciliation.day_reports
    where ($1::date is null or day > $1) and day <= $2 and day > (clock_timestamp() at time zone 'utc')::date - $4::int
    order by day desc
    limit $3
) last
order by day;

-- name: skipped_days
-- The sealed days after $1 and before $2, or up to $3 where $2 is null: how many, the first and the last.
select count(*) as days, min(day) as first_day, max(day) as last_day
from reconciliation.day_reports
where ($1::date is null or day > $1) and ($2::date is null or day < $2) and day <= $3;

-- name: told_run
-- Operations know of the run $1.
update reconciliation.told set run_no = $1;

-- name: told_day
-- Operations know of the day $1.
update reconciliation.told set last_day = $1;

-- name: looked
-- A look ended well.
update reconciliation.told set looked_at = clock_timestamp();

-- name: end_findings
-- Findings of the kinds $1 that are not among the subjects $2 are over.
update reconciliation.findings
set ended_at = clock_timestamp()
where ended_at is null and kind = any ($1::text[]) and subject <> all ($2::text[])
returning finding_no, kind, sentence, ended_at;

-- name: begin_findings
-- Those of the findings that are new.
insert into reconciliation.findings (kind, subject, sentence)
select * from unnest($1::text[], $2::text[], $3::text[])
on conflict (subject) where ended_at is null do nothing
returning finding_no, subject, began_at;

-- name: count_reopened
-- How many breaks that a person had answered or closed the runs after $1 up to $2 found to be something else.
select count(distinct break_id) from reconciliation.break_actions where run_no > $1 and run_no <= $2 and action in ('change', 'find_again');
