-- name: list_runs
-- Runs that finished, the last one first, $2 at most, before the run $3 where that is given: what each did in the mode $1, and the hash of
-- its report.
select r.run_id, r.cut_off, r.last_entry_id, r.finished_at, p.sha256,
    (
        select count(*)
        from reconciliation.matched_files m
        join reconciliation.files f using (file_id)
        where m.run_no = r.run_no and f.livemode = $1
    ) as files,
    (
        select coalesce(sum(t.lines), 0)
        from reconciliation.matched_of_lines t
        join reconciliation.files f using (file_id)
        where t.run_no = r.run_no and f.livemode = $1
    )::bigint as lines_matched,
    (select count(*) from reconciliation.breaks b where b.opened_by = r.run_no and b.livemode = $1) as breaks_opened,
    (select count(*) from reconciliation.breaks b where b.closed_by = r.run_no and b.livemode = $1) as breaks_closed
from reconciliation.runs r
left join reconciliation.reports p using (run_no)
where r.finished_at is not null
  and ($3::text is null or r.run_no < (select o.run_no from reconciliation.runs o where o.run_id = $3))
order by r.run_no desc
limit $2;
