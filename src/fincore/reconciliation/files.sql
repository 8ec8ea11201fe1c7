-- name: fetched_versions
-- The versions of names that were fetched from the source $1, of those named $2.
select a.name, a.size_bytes, a.remote_mtime
from reconciliation.arrivals a
where a.source = $1 and a.name = any ($2::text[]);

-- name: names_fetched
-- Of the names $2 those under which a file came from the source $1 that was not refused.
select distinct a.name
from reconciliation.arrivals a
join reconciliation.files f using (file_id)
where a.source = $1 and a.name = any ($2::text[]) and f.status <> 'refused';

-- name: take_recording_turn
-- One process records at a time files of the account $1: whether a content or a name is new is asked and answered in one go.
select pg_advisory_xact_lock(hashtextextended('fincore.reconciliation.files:' || $1::text, 0));

-- name: file_of_content
-- The file that holds a content of an account already.
select file_id from reconciliation.files where livemode = $1 and psp = $2 and psp_account = $3 and sha256 = $4;

-- name: file_of_name
-- The file of the account $3, $4, $5 that a name at a source had last: a source may have been declared for another account before.
select a.file_id
from reconciliation.arrivals a
join reconciliation.files f using (file_id)
where a.source = $1 and a.name = $2 and (f.livemode, f.psp, f.psp_account) = ($3, $4, $5)
order by a.arrival_no desc
limit 1;

-- name: insert_file
-- A file that was kept.
insert into reconciliation.files (
    file_id, psp, psp_account, livemode, source, name, sha256, size_bytes, remote_mtime, host_key, location, format,
    payout_reference, replaces, request, refusal_line, refusal, status
)
values (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15::jsonb, $16, $17,
    case when $17::text is null then 'kept' else 'refused' end
);

-- name: insert_arrival
-- A version of a name that was fetched. Nothing where another process has recorded it.
insert into reconciliation.arrivals (source, name, size_bytes, remote_mtime, file_id, finding)
values ($1, $2, $3, $4, $5, $6)
on conflict (source, name, size_bytes, remote_mtime) do nothing
returning arrival_no;

-- name: list_files
-- The files fetched last, the newest first: $1 at most.
select f.file_id, f.psp, f.psp_account, f.livemode, f.source, f.name, f.sha256, f.size_bytes, f.fetched_at, f.format, f.status,
    f.refusal_line, f.refusal, f.replaces,
    (select count(*) from reconciliation.arrivals a where a.file_id = f.file_id and a.finding = 'doubled') as doubled,
    (
        select concat(replace(d.action, '_', ' '), ' by ', coalesce(d.username, regexp_replace(d.actor, '^operator:', '')), ': ', d.reason)
        from reconciliation.file_actions d
        where d.decision_no = f.decision_no
    ) as decision
from reconciliation.files f
where true{conditions}
order by f.fetched_at desc, f.file_id desc
limit $1;

-- name: of_mode
-- Those of a mode.
f.livemode = {value};

-- name: of_source
-- Those of a source.
f.source = {value};

-- name: with_status
-- Those with a status.
f.status = {value};

-- name: after_file
-- Those that come after one in the list; none where there is no such file.
(f.fetched_at, f.file_id) < (select o.fetched_at, o.file_id from reconciliation.files o where o.file_id = {value});
