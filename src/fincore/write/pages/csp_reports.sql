-- name: add_reports
-- Add counted violations. Where the table is full, a new one counts under the word for other sources, of its page and directive.
insert into pages.csp_reports as r (page, directive, blocked, reports, first_seen_at, last_seen_at)
select page, directive, case when is_known or place <= free_rows then blocked else $6 end, sum(reports), now(), now()
from (
    select
        seen.page, seen.directive, seen.blocked, seen.reports,
        kept.page is not null as is_known,
        row_number() over (partition by kept.page is null order by seen.reports desc) as place,
        $5::bigint - (select count(*) from pages.csp_reports) as free_rows
    from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) seen (page, directive, blocked, reports)
    left join pages.csp_reports kept using (page, directive, blocked)
) counted
group by 1, 2, 3
on conflict (page, directive, blocked) do update
set reports = r.reports + excluded.reports, last_seen_at = greatest(r.last_seen_at, excluded.last_seen_at);

-- name: drop_old_reports
-- Delete what no browser has reported for some time.
delete from pages.csp_reports where last_seen_at < now() - $1::interval;

-- name: list_reports
-- The violations that were reported last, at most so many.
select page, directive, blocked, reports, first_seen_at, last_seen_at
from pages.csp_reports
order by last_seen_at desc, page, directive, blocked
limit $1;
