-- What staff page through: standing breaks among all those of years, and what each run opened and closed.
create index breaks_standing on reconciliation.breaks (opened_at, break_id) where closed_at is null;
create index breaks_opened_by on reconciliation.breaks (opened_by);
create index breaks_closed_by on reconciliation.breaks (closed_by) where closed_by is not null;
create index breaks_of_streams on reconciliation.breaks (stream_id) where stream_id is not null;
create index files_by_fetching on reconciliation.files (fetched_at, file_id);
create index adjustments_by_decision on reconciliation.adjustments (decided_at, adjustment_id);

-- Under which name people know a member of staff, of whom the actor has the issuer's subject; null for operators at terminals and runs.
alter table reconciliation.break_actions add column username text
    check (username is null or length(username) between 1 and 255 and actor like 'staff:%');
alter table reconciliation.file_actions add column username text
    check (username is null or length(username) between 1 and 255 and actor like 'staff:%');
