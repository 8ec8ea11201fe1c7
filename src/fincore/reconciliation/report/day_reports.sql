-- name: sealed_last
-- The last sealed day.
select day, coalesce(run_no_before, 0) as run_no_before, last_run_no, sha256
from reconciliation.day_reports
order by day desc
limit 1;

-- name: sealed_day
-- What was kept of the day $1 when it was sealed.
select day, coalesce(run_no_before, 0) as run_no_before, last_run_no, sha256, day_before, sha256_before, form_version
from reconciliation.day_reports
where day = $1;

-- name: sealed_before
-- The last sealed day before the day $1.
select day, last_run_no, sha256 from reconciliation.day_reports where day < $1 order by day desc limit 1;

-- name: runs_after
-- The runs after $1 that have finished, and the day of each cut-off by UTC.
select run_no, (cut_off at time zone 'utc')::date as day
from reconciliation.runs
where run_no > $1 and finished_at is not null
order by run_no;

-- name: seal_day
-- The hash of a day's report, once.
insert into reconciliation.day_reports
    (day, last_run_no, sha256, day_before, run_no_before, sha256_before, sealed_by, form_version)
values ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: today
-- The day by the server's clock and UTC.
select (clock_timestamp() at time zone 'utc')::date;
