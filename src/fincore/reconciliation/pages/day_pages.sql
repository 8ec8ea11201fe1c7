-- name: list_days
-- Sealed days, the last one first, $1 at most, before the day $2 where that is given: the runs of each, and whether what it says of the day
-- before is what that day's own row says.
select d.day, o.run_id as last_run_id, d.sha256, d.sha256_before, d.day_before, d.written_at,
    (select count(*) from reconciliation.runs r where r.run_no > coalesce(d.run_no_before, 0) and r.run_no <= d.last_run_no
        and r.finished_at is not null) as runs,
    (d.day_before, d.sha256_before) is not distinct from (b.day, b.sha256) as follows
from reconciliation.day_reports d
join reconciliation.runs o on o.run_no = d.last_run_no
left join lateral (
    select p.day, p.sha256 from reconciliation.day_reports p where p.day < d.day order by p.day desc limit 1
) b on true
where $2::date is null or d.day < $2
order by d.day desc
limit $1;
