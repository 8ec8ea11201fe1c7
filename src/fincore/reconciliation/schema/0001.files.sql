-- Settlement files: where they come from, what was fetched, and what became of each. The bytes themselves are in the evidence store.
create schema if not exists reconciliation;

-- Every source that the operator has declared. A row stays when the source is no longer declared: files name it.
create table reconciliation.sources (
    source       text        collate "C" primary key check (source ~ '^[a-z][a-z0-9_]{0,31}$'),
    psp          text        collate "C" not null check (length(psp) between 1 and 64),
    psp_account  text        collate "C" not null check (length(psp_account) between 1 and 64),
    livemode     boolean     not null,
    format       text        collate "C" not null check (format ~ '^[a-z][a-z0-9_]{0,63}$'),
    -- The account's id as its files state it; a file that names another one is refused. Null: it must be that of the files before.
    account_id   text        collate "C" check (length(account_id) between 1 and 100),
    -- When to look for files, in UTC, as five fields of cron.
    cron         text        not null check (length(cron) between 9 and 200),
    -- How long after the last new file a further one is late; null: files come at no fixed time.
    late_after   interval    check (late_after > interval '0'),
    declared_at  timestamptz not null default now(),
    withdrawn_at timestamptz,
    -- The process that looks for files now; its lease ends by itself when the process dies.
    leased_by    uuid,
    leased_until timestamptz,
    -- When the last look began and when the last good one ended; how many have failed since, and why.
    looked_at    timestamptz,
    fetched_at   timestamptz,
    failures     integer     not null default 0 check (failures >= 0),
    failure      text        check (length(failure) between 1 and 500),
    constraint sources_are_leased_by_a_process check ((leased_by is null) = (leased_until is null)),
    constraint sources_failed_for_a_reason check ((failures = 0) = (failure is null))
);

-- One row for each content of a file of an account: the same bytes are one file, under however many names they came.
create table reconciliation.files (
    file_id         text        collate "C" primary key check (file_id like 'sf\_%'),
    psp             text        collate "C" not null check (length(psp) between 1 and 64),
    psp_account     text        collate "C" not null check (length(psp_account) between 1 and 64),
    livemode        boolean     not null,
    source          text        collate "C" not null references reconciliation.sources,
    name            text        collate "C" not null check (length(name) between 1 and 180),
    sha256          text        collate "C" not null check (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes      bigint      not null check (size_bytes >= 0),
    fetched_at      timestamptz not null default now(),
    remote_mtime    timestamptz not null,
    -- Fingerprint of the server's host key; null where the files did not come over SFTP.
    host_key        text        collate "C" check (length(host_key) between 1 and 100),
    location        text        collate "C" not null check (length(location) between 1 and 1000),
    format          text        collate "C" not null check (format ~ '^[a-z][a-z0-9_]{0,63}$'),
    -- The PSP's reference of the payout that the file was asked for; null where a file is of no payout alone.
    payout_reference text    collate "C" check (length(payout_reference) between 1 and 100),
    -- What the PSP was asked for and what proves the file, such as the run of a report; null where files are offered unasked.
    request         jsonb       check (jsonb_typeof(request) = 'object'),
    -- The file that had this name at this source before, with other bytes.
    replaces        text        collate "C" references reconciliation.files check (replaces <> file_id),
    status          text        not null default 'kept' check (status in ('kept', 'refused', 'read', 'booked')),
    parser_version  text        check (length(parser_version) between 1 and 64),
    refusal_line    bigint      check (refusal_line > 0),
    refusal         text        check (length(refusal) between 1 and 1000),
    -- The account's id as the file states it.
    account_id      text        collate "C" check (length(account_id) between 1 and 100),
    period_start    timestamptz,
    period_end      timestamptz,
    -- Whether the file states its period; otherwise it is that of its lines.
    states_period   boolean     not null default false,
    sequence        integer     check (sequence > 0),
    -- Whether a further file with the next number goes on with the same period.
    continued       boolean     not null default false,
    -- By currency, as the file states them and as its lines add up to.
    stated_totals   jsonb       check (jsonb_typeof(stated_totals) = 'object'),
    computed_totals jsonb       check (jsonb_typeof(computed_totals) = 'object'),
    constraint files_are_refused_for_a_reason check ((status = 'refused') = (refusal is not null)),
    constraint files_are_refused_at_a_line check (refusal_line is null or refusal is not null),
    constraint files_are_read_by_a_parser check (status not in ('read', 'booked') or parser_version is not null),
    constraint files_have_both_ends_of_a_period check (num_nulls(period_start, period_end) in (0, 2)),
    constraint files_have_periods_in_order check (period_start <= period_end),
    unique (livemode, psp, psp_account, sha256)
);
create index files_by_source on reconciliation.files (source, period_start, sequence);
create index files_by_status on reconciliation.files (status, fetched_at) where status <> 'booked';
create index files_that_replace on reconciliation.files (replaces) where replaces is not null;

-- Each version of a name that a source offered and that was fetched, so that nothing is fetched twice.
create table reconciliation.arrivals (
    arrival_no   bigint      generated always as identity primary key,
    source       text        collate "C" not null references reconciliation.sources,
    name         text        collate "C" not null check (length(name) between 1 and 180),
    size_bytes   bigint      not null check (size_bytes >= 0),
    remote_mtime timestamptz not null,
    arrived_at   timestamptz not null default now(),
    file_id      text        collate "C" not null references reconciliation.files,
    -- A file of which the content is new; the content of an earlier file; new content under a name that had another before.
    finding      text        not null check (finding in ('new', 'doubled', 'replaced')),
    unique (source, name, size_bytes, remote_mtime)
);
create index arrivals_by_name on reconciliation.arrivals (source, name, arrival_no desc);
create index arrivals_of_files on reconciliation.arrivals (file_id);
create index arrivals_by_time on reconciliation.arrivals (source, arrived_at desc);

create function reconciliation.refuse_change_of_evidence() returns trigger language plpgsql as $$
begin
    raise exception 'settlement files are evidence: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
        using errcode = 'restrict_violation';
end
$$;
create trigger files_are_never_deleted
    before delete on reconciliation.files
    for each row execute function reconciliation.refuse_change_of_evidence();
create trigger files_are_never_truncated
    before truncate on reconciliation.files
    for each statement execute function reconciliation.refuse_change_of_evidence();
create trigger arrivals_are_never_changed
    before update or delete on reconciliation.arrivals
    for each row execute function reconciliation.refuse_change_of_evidence();
create trigger arrivals_are_never_truncated
    before truncate on reconciliation.arrivals
    for each statement execute function reconciliation.refuse_change_of_evidence();

-- What came stays as it came, and what was booked stays as it was booked. A file that was refused may be read by a later parser.
create function reconciliation.refuse_change_of_file() returns trigger language plpgsql as $$
begin
    if (old.file_id, old.psp, old.psp_account, old.livemode, old.source, old.name, old.sha256, old.size_bytes, old.fetched_at,
            old.remote_mtime, old.host_key, old.location, old.format, old.payout_reference, old.request, old.replaces)
        is distinct from
        (new.file_id, new.psp, new.psp_account, new.livemode, new.source, new.name, new.sha256, new.size_bytes, new.fetched_at,
            new.remote_mtime, new.host_key, new.location, new.format, new.payout_reference, new.request, new.replaces)
    then
        raise exception 'of the settlement file % only its status and what was read of it may change', old.file_id
            using errcode = 'restrict_violation';
    end if;
    if old.status = 'booked' then
        raise exception 'the settlement file % is booked', old.file_id using errcode = 'restrict_violation';
    end if;
    if (old.status, new.status) not in (
        ('kept', 'kept'), ('kept', 'refused'), ('kept', 'read'), ('refused', 'refused'), ('refused', 'read'),
        ('read', 'read'), ('read', 'booked')
    ) then
        raise exception 'the settlement file % cannot go from % to %', old.file_id, old.status, new.status
            using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;
create trigger files_change_their_status_only
    before update on reconciliation.files
    for each row execute function reconciliation.refuse_change_of_file();

-- The files that wait to be read. One that replaces another waits until that one is refused: both would book one day twice.
create view reconciliation.files_to_read as
select f.*
from reconciliation.files f
left join reconciliation.files r on r.file_id = f.replaces
where f.status = 'kept' and (r.file_id is null or r.status = 'refused');

-- The declared sources of which a file is due, and since when.
create view reconciliation.late_sources as
select s.source, s.psp, s.psp_account, s.livemode, due.late_since
from reconciliation.sources s
cross join lateral (
    select greatest(s.declared_at, max(a.arrived_at)) + s.late_after as late_since
    from reconciliation.arrivals a
    where a.source = s.source and a.finding <> 'doubled'
) due
where s.withdrawn_at is null and due.late_since <= now();

-- Where the files of an account that were read leave out something: the time between two periods, or numbers of a sequence, its last
-- ones included. Only files that state their period tell of it. The end of a period may be its last second. The source is that of the
-- file after the time, or of the last number.
create view reconciliation.period_gaps as
with periods as (
    select psp, psp_account, livemode, format, period_start, max(period_end) as period_end,
        coalesce(max(sequence), 0) as last_sequence, count(distinct sequence) as sequences,
        (array_agg(continued order by sequence desc nulls last, fetched_at desc))[1] as continued,
        (array_agg(source order by sequence desc nulls last, fetched_at desc))[1] as source
    from reconciliation.files
    where status in ('read', 'booked') and states_period
    group by psp, psp_account, livemode, format, period_start
),
in_order as (
    select *,
        max(period_end) over (
            partition by psp, psp_account, livemode, format order by period_start
            rows between unbounded preceding and 1 preceding
        ) as end_before,
        last_sequence - sequences + continued::integer as numbers_missing
    from periods
)
select source, psp, psp_account, livemode, format, 'period' as gap, end_before as gap_start, period_start as gap_end,
    null::bigint as missing
from in_order
where period_start > end_before + interval '1 second'
union all
select source, psp, psp_account, livemode, format, 'sequence', period_start, period_end, numbers_missing
from in_order
where numbers_missing > 0;

grant usage on schema reconciliation to fincore_service;
grant select, insert on reconciliation.sources, reconciliation.files, reconciliation.arrivals to fincore_service;
grant select on reconciliation.files_to_read, reconciliation.late_sources, reconciliation.period_gaps to fincore_service;
grant update on reconciliation.sources to fincore_service;
grant update (
    status, parser_version, refusal_line, refusal, account_id, period_start, period_end, states_period, sequence, continued,
    stated_totals, computed_totals
) on reconciliation.files to fincore_service;
