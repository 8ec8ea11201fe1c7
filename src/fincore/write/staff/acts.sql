-- name: add_act
-- Add an act, with its outcome if it is known.
insert into staff.acts
    (act_id, actor_subject, actor_username, permission, action, livemode, merchant_id, object_kind, object_id, reason, request_id,
     details, outcome, ended_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, case when $13::text is null then null else clock_timestamp() end);

-- name: end_act
-- Say how an act ended; nothing where that is said already.
update staff.acts set outcome = $2, ended_at = clock_timestamp() where act_id = $1 and outcome is null;

-- name: list_acts
-- The acts that a person may see and filters ask for, the latest first.
select act_id, begun_at, actor_subject, actor_username, permission, action, livemode, merchant_id, object_kind, object_id, reason,
    request_id, details, outcome, ended_at
from staff.acts
where (livemode is null and $2 or livemode = $3)
    and ($4::text[] is null or merchant_id = any($4)){conditions}
order by act_no desc
limit $1;
