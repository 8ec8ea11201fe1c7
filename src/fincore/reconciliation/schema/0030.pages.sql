-- What staff page through: standing breaks among all those of years, and what each run opened and closed.
create index breaks_standing on reconciliation.breaks (opened_at, break_id) where closed_at is null;
create index breaks_opened_by on reconciliation.breaks (opened_by);
create index breaks_closed_by on reconciliation.breaks (closed_by) where closed_by is not null;
create index breaks_of_streams on reconciliation.breaks (stream_id) where stream_id is not null;
create index files_by_fetching on reconciliation.files (fetched_at, file_id);
create index adjustments_by_decision on reconciliation.adjustments (decided_at, adjustment_id);

-- Under which name people know a member of staff (the actor has the issuer's subject), and the key of the request: a request that is
-- repeated after others acted is known again. Both are null for operators at terminals and for runs.
alter table reconciliation.break_actions
    add column username text check (username is null or length(username) between 1 and 255 and actor like 'staff:%'),
    add column request_key text check (request_key is null or length(request_key) between 1 and 255 and actor like 'staff:%');
create unique index break_actions_by_request on reconciliation.break_actions (actor, request_key) where request_key is not null;
alter table reconciliation.file_actions
    add column username text check (username is null or length(username) between 1 and 255 and actor like 'staff:%'),
    add column request_key text check (request_key is null or length(request_key) between 1 and 255 and actor like 'staff:%');
create unique index file_actions_by_request on reconciliation.file_actions (actor, request_key) where request_key is not null;
