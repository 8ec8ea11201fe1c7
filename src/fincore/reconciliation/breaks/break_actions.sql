-- name: take_turn
-- Wait for a run that writes what it found, $1 at most; runs wait for the end of this transaction.
select set_config('lock_timeout', $1, true), pg_advisory_xact_lock_shared(hashtext('fincore.reconciliation.breaks'));

-- name: lock_break
-- A break for one person.
select from reconciliation.breaks where break_id = $1 for update;

-- name: read_break
-- A break as it stands, with what was done with it last, once it is locked: what another person did meanwhile is seen.
select b.break_id, b.action_no, b.class, b.currency, b.amount_minor, b.status, b.owner, a.action, a.actor,
    coalesce(a.username, regexp_replace(a.actor, '^operator:', '')) as by, a.owner as action_owner, a.reason, a.reference, a.acted_at
from reconciliation.breaks b
left join reconciliation.break_actions a on a.break_id = b.break_id and a.action_no = b.action_no
where b.break_id = $1;

-- name: action_of_request
-- What the actor $1 did by the request with the key $2.
select break_id, action_no, action, status, owner, reason, reference, acted_at
from reconciliation.break_actions
where actor = $1 and request_key = $2;

-- name: write_action
-- What a person did with the break $1, which had $2 actions before.
insert into reconciliation.break_actions
    (break_id, action_no, action, status_before, status, actor, owner, reason, reference, username, request_key)
values ($1, $2 + 1, $3, $4, $5, $6, $7, $8, $9, $10, $11)
returning action_no, acted_at;
