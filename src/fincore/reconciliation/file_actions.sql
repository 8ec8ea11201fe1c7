-- name: wait_briefly
-- A run that reads the file holds it; $1 is how long to wait.
select set_config('lock_timeout', $1, true);

-- name: lock_files
-- A file, and those that came in its place, for one person: none of them is read meanwhile.
select
from reconciliation.files
where file_id = $1 or replaces is not null and reconciliation.replaced_file(file_id) = $1
order by fetched_at, file_id
for update;

-- name: read_file
-- A file as it stands, with what was decided about it last, once it is locked: what another person decided meanwhile is seen.
select f.file_id, f.name, f.psp, f.status, f.format, f.is_released,
    f.status = 'refused' and f.parser_version is null and f.request is not null as is_disproved, r.file_id as replaces, r.status as replaced_status,
    (
        select n.file_id
        from reconciliation.files n
        where n.replaces is not null and reconciliation.replaced_file(n.file_id) = f.file_id and n.status in ('read', 'booked')
        limit 1
    ) as replaced_by,
    a.action, a.status as decided_status, a.actor, coalesce(a.username, regexp_replace(a.actor, '^operator:', '')) as by, a.reason, a.format as decided_format, a.account_id, a.acted_at
from reconciliation.files f
left join reconciliation.files r on r.file_id = reconciliation.replaced_file(f.file_id)
left join reconciliation.file_actions a on a.decision_no = f.decision_no
where f.file_id = $1;

-- name: decision_of_request
-- What the actor $1 decided by the request with the key $2.
select decision_no, file_id, action, status, reason, format, account_id, acted_at
from reconciliation.file_actions
where actor = $1 and request_key = $2;

-- name: write_action
-- What a person decided about the file $1.
insert into reconciliation.file_actions
    (file_id, action, status_before, status, actor, reason, format, account_id, format_before, refusal_line, refusal, username, request_key)
select file_id, $2, status, $3, $4, $5, $6, $7, format, refusal_line, refusal, $8, $9
from reconciliation.files
where file_id = $1
returning decision_no, acted_at;

-- name: break_of_file
-- The break of the file $1 that was found last.
select break_id from reconciliation.breaks where subject = 'file:' || $1::text order by break_id desc limit 1;
