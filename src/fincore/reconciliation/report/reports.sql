-- name: runs_without_report
-- The finished runs that are later than every report, in their order.
select run_no, run_id, cut_off, last_entry_id
from reconciliation.runs
where finished_at is not null and run_no > coalesce((select max(run_no) from reconciliation.reports), 0)
order by run_no;

-- name: hash_before
-- That of the last report before the run $1.
select sha256 from reconciliation.reports where run_no < $1 order by run_no desc limit 1;

-- name: keep_report
-- The hash of a run's report, once.
insert into reconciliation.reports (run_no, sha256, sha256_before, form_version) values ($1, $2, $3, $4);

-- name: kept_report
-- What was kept of a run's report when the run finished.
select sha256, sha256_before, form_version from reconciliation.reports where run_no = $1;
