-- name: declare_sources
-- These are the sources now. One that is declared again begins anew to expect files.
insert into reconciliation.sources as s (source, psp, psp_account, livemode, account_id, format, cron, late_after)
select *
from unnest($1::text[], $2::text[], $3::text[], $4::boolean[], $5::text[], $6::text[], $7::text[], $8::interval[])
on conflict (source) do update
set psp = excluded.psp, psp_account = excluded.psp_account, livemode = excluded.livemode, account_id = excluded.account_id,
    format = excluded.format, cron = excluded.cron, late_after = excluded.late_after,
    declared_at = case when s.withdrawn_at is null then s.declared_at else now() end, withdrawn_at = null
where (s.psp, s.psp_account, s.livemode, s.account_id, s.format, s.cron, s.late_after, s.withdrawn_at)
    is distinct from
    (excluded.psp, excluded.psp_account, excluded.livemode, excluded.account_id, excluded.format, excluded.cron,
        excluded.late_after, null::timestamptz);

-- name: withdraw_sources
-- Sources that are not among $1 are declared no more.
update reconciliation.sources set withdrawn_at = now() where withdrawn_at is null and source <> all ($1::text[]);

-- name: looks
-- When each of the sources $1 was looked at, beside the time of this server.
select source, looked_at, failures, clock_timestamp() as now from reconciliation.sources where source = any ($1::text[]);

-- name: claim_source
-- Let the process $2 look at the source $1 for $3 seconds, unless another one does. A lease beyond that was given by a wrong clock.
update reconciliation.sources
set leased_by = $2, leased_until = clock_timestamp() + make_interval(secs => $3), looked_at = clock_timestamp()
where source = $1 and (
    leased_until is null or leased_until < clock_timestamp()
    or leased_until > clock_timestamp() + make_interval(secs => $3)
)
returning source;

-- name: renew_lease
-- The process $2 still looks at the source $1; nothing where another process has taken over.
update reconciliation.sources
set leased_until = clock_timestamp() + make_interval(secs => $3)
where source = $1 and leased_by = $2
returning source;

-- name: finish_look
-- The process $2 has looked at the source $1; $3 is why the look failed, null where it did not.
update reconciliation.sources
set leased_by = null, leased_until = null, failure = $3,
    failures = case when $3::text is null then 0 else failures + 1 end,
    fetched_at = case when $3::text is null then clock_timestamp() else fetched_at end
where source = $1 and leased_by = $2;

-- name: standings
-- Every declared source, and how its looks and files stand.
select s.source, s.psp, s.psp_account, s.livemode, s.format, s.cron, s.declared_at, s.fetched_at, s.failures, s.failure,
    l.late_since, clock_timestamp() as now
from reconciliation.sources s
left join reconciliation.late_sources l using (source)
where s.withdrawn_at is null
order by s.source;

-- name: count_files
-- How many files of each source are in each state. One that was refused and then replaced is no longer waited for.
select f.source,
    count(*) filter (where f.status = 'kept') as kept,
    count(*) filter (where f.status = 'refused' and not exists (
        select
        from reconciliation.files r
        where r.replaces is not null and reconciliation.replaced_file(r.file_id) = f.file_id and r.status not in ('refused', 'dismissed')
    )) as refused,
    count(*) filter (where f.status = 'read') as read,
    count(*) filter (where f.status = 'booked') as booked,
    count(*) filter (where f.status = 'dismissed') as dismissed,
    count(*) filter (where f.status = 'kept' and f.replaces is not null and not exists (
        select from reconciliation.files_to_read r where r.file_id = f.file_id
    )) as replacing,
    (select count(*) from reconciliation.arrivals a where a.source = f.source and a.finding = 'doubled') as doubled
from reconciliation.files f
group by f.source;

-- name: longest_waiting
-- How long the file of each source has waited that waits longest: to be read, to be booked, for a run that takes up its lines, or for
-- the log to have the matches of a run.
select w.source, extract(epoch from clock_timestamp() - min(w.waits_since))::double precision as seconds
from (
    select source, fetched_at as waits_since from reconciliation.files_to_read
    union all
    select f.source, f.fetched_at
    from reconciliation.files f
    where f.status = 'read'
        or f.status = 'booked' and not exists (
            select
            from reconciliation.matched_files m
            join reconciliation.runs r using (run_no)
            where m.file_id = f.file_id and r.finished_at is not null
        )
    union all
    select f.source, r.cut_off
    from reconciliation.runs r
    join reconciliation.matched_of_lines t using (run_no)
    join reconciliation.files f using (file_id)
    where r.finished_at is null
) w
group by w.source;

-- name: last_reconciled
-- When the last run ended that took up a file of each source.
select f.source, max(r.finished_at) as reconciled_at
from reconciliation.matched_files m
join reconciliation.files f using (file_id)
join reconciliation.runs r using (run_no)
where r.finished_at is not null
group by f.source;

-- name: last_finished
-- When the last run ended of which the log has all events.
select max(finished_at) from reconciliation.runs;

-- name: gaps
-- What is missing between the files that were read.
select source, gap, gap_start, gap_end, missing from reconciliation.period_gaps order by source, gap_start;
