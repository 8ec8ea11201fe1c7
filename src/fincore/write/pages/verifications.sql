-- name: record_verification
-- The pages were compared just now, and $1 things differed or could not be checked.
insert into pages.verifications as v (run_at, problems, matched_at)
values (now(), $1, case when $1 = 0 then now() end)
on conflict (place) do update
set run_at = excluded.run_at, problems = excluded.problems, matched_at = coalesce(excluded.matched_at, v.matched_at);

-- name: last_verification
-- How the last comparison went, and when the pages matched last.
select problems, extract(epoch from matched_at)::float8 as matched_at_seconds
from pages.verifications;
