-- name: kept_files
-- At most $2 kept files after the record $1, as they were kept.
select record, location, sha256, size_bytes from reconciliation.kept_evidence where record > $1 order by record limit $2;

-- name: due_file
-- The kept file that is to be read again now: none that was read within a day; first those that are not as they came, then those never
-- read again, then that which was read longest ago. Nothing where $1 files or $2 bytes were read within a day. A time that has not come was
-- written by a wrong clock, and counts as none.
with checks as (
    select c.*, c.checked_at > clock_timestamp() - interval '1 day' and c.checked_at <= clock_timestamp() as is_of_today
    from reconciliation.evidence_checks c
),
today as (
    select count(*) as files, coalesce(sum(size_bytes), 0) as size_bytes from checks where is_of_today
)
select k.record, k.location, k.sha256, k.size_bytes
from reconciliation.kept_evidence k
left join checks c using (record)
where coalesce(not c.is_of_today, true) and (select files < $1 and size_bytes < $2 from today)
order by c.flaw is null, c.checked_at nulls first, k.kept_at, k.record
limit 1;

-- name: keep_check
-- The file of the record $1, of $2 bytes, was read again; $3 is why it is not as it came.
insert into reconciliation.evidence_checks (record, size_bytes, flaw)
values ($1, $2, $3)
on conflict (record) do update set checked_at = clock_timestamp(), size_bytes = excluded.size_bytes, flaw = excluded.flaw;

-- name: damaged
-- All files that were not as they came when they were last read: one that were left out would count as mended.
select c.record, k.name, c.flaw
from reconciliation.evidence_checks c
join reconciliation.kept_evidence k using (record)
where c.flaw is not null
order by c.record;

-- name: standing
-- How many files are as they came, are not, and were never read again; and how long none was read although one was due for it.
with checks as (
    select c.*, c.checked_at > clock_timestamp() - interval '1 day' and c.checked_at <= clock_timestamp() as is_of_today
    from reconciliation.evidence_checks c
)
select count(c.record) filter (where c.flaw is null) as good, count(*) filter (where c.flaw is not null) as damaged,
    count(*) filter (where c.record is null) as unread,
    case
        when bool_or(coalesce(not c.is_of_today, true)) then extract(epoch from clock_timestamp() - greatest(
            (select max(checked_at) from checks where checked_at <= clock_timestamp()), min(k.kept_at)
        ))
        else 0
    end::double precision as idle_seconds
from reconciliation.kept_evidence k
left join checks c using (record);
