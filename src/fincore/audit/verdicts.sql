-- name: keep
-- What a round found; an invariant that there is no more is left out from now on.
with found as (
    select * from unnest($1::text[], $2::text[], $3::integer[]) as t (invariant, verdict, violations)
),
gone as (
    delete from audit.verdicts where invariant not in (select invariant from found)
)
insert into audit.verdicts (invariant, verdict, violations, checked_at)
select invariant, verdict, violations, $4 from found
on conflict (invariant) do update
set verdict = excluded.verdict, violations = excluded.violations, checked_at = excluded.checked_at;

-- name: read
-- What the last round found.
select invariant, verdict, violations, checked_at from audit.verdicts;
