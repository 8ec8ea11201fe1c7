-- name: known_runs
-- The runs that this database has.
select run_id from reconciliation.runs;

-- name: knows_adjustment
-- Whether what an event of an adjustment tells is here.
select exists (select from reconciliation.adjustments where event_id = $1)
    or exists (select from reconciliation.adjustment_reversals where event_id = $1);

-- name: last_seen
-- The last entry that the last run saw.
select coalesce((select last_entry_id from reconciliation.runs order by run_no desc limit 1), 0);

-- name: entries_of
-- The first and the last of the entries that some events made.
select min(entry_id) as first_entry_id, max(entry_id) as last_entry_id from ledgerdb.entries where event_id = any ($1::uuid[]);

-- name: status_of_file
-- What became of a file; nothing where this database does not know it.
select status from reconciliation.files where file_id = $1;

-- name: keep_source
-- A source that the log names and this database does not know, as one that is declared no more: the settings declare it again.
insert into reconciliation.sources (source, psp, psp_account, livemode, format, cron, withdrawn_at)
values ($1, $2, $3, $4, $5, '0 0 1 1 *', now())
on conflict (source) do nothing;

-- name: keep_file
-- A file that the log tells of. What the source said of it beside its content is lost; it counts as fetched and changed at the time $9, at
-- which it was booked.
insert into reconciliation.files
    (file_id, psp, psp_account, livemode, source, name, sha256, size_bytes, fetched_at, remote_mtime, location, format)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11)
on conflict (file_id) do nothing;

-- name: keep_arrival
-- It came under its name, once.
insert into reconciliation.arrivals (source, name, size_bytes, remote_mtime, arrived_at, file_id, finding)
select $1, $2, $3, $4, $4, $5, 'new'
where not exists (select from reconciliation.arrivals where file_id = $5)
on conflict (source, name, size_bytes, remote_mtime) do nothing;
