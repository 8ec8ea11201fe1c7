-- name: expect_verifications
-- The scopes $1 are to be compared: each has a row from now on.
insert into pages.verifications (scope, problems)
select scope, 0 from unnest($1::text[]) as expected (scope)
on conflict (scope) do nothing;

-- name: record_verification
-- The scope $1 was compared just now, and $2 things differed or could not be checked.
insert into pages.verifications as v (scope, run_at, problems, matched_at)
values ($1, now(), $2, case when $2 = 0 then now() end)
on conflict (scope) do update
set run_at = excluded.run_at, problems = excluded.problems, matched_at = coalesce(excluded.matched_at, v.matched_at);

-- name: last_verifications
-- How the last comparison of each scope went, and when it matched last.
select scope, problems, extract(epoch from matched_at)::float8 as matched_at_seconds
from pages.verifications;
