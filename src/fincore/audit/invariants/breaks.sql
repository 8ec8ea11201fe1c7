-- name: breaks_beside_their_actions
-- Breaks that do not stand as their last action left them.
select 'break ' || b.break_id as place,
    case
        when b.status <> coalesce(a.status, 'open') then 'it is ' || b.status || ', and its last action left it ' || coalesce(a.status, 'open')
        when b.action_no <> coalesce(a.action_no, 0) then 'it counts ' || b.action_no || ' actions, and has ' || coalesce(a.action_no, 0)
        else 'its owner is not the one of its last action'
    end as finding
from reconciliation.breaks b
left join lateral (
    select a.action_no, a.status, a.owner
    from reconciliation.break_actions a
    where a.break_id = b.break_id
    order by a.action_no desc
    limit 1
) a on true
where (b.status, b.owner, b.action_no) is distinct from (coalesce(a.status, 'open'), a.owner, coalesce(a.action_no, 0))
order by b.break_id;

-- name: actions_that_do_not_follow
-- Actions that are not about a break as the action before left it.
select 'break ' || break_id || ', action ' || action_no as place,
    'it is about a break that is ' || status_before || ', and the action before left it ' || coalesce(left_it, 'open') as finding
from (
    select break_id, action_no, status_before, lag(status) over w as left_it, lag(action_no) over w as before_no
    from reconciliation.break_actions
    window w as (partition by break_id order by action_no)
) a
where status_before <> coalesce(left_it, 'open') or action_no <> coalesce(before_no, 0) + 1
order by break_id, action_no;

-- name: files_beside_their_decisions
-- Settlement files that do not stand as their last decision allows.
select 'settlement file ' || f.file_id as place, 'its status is ' || f.status || ', and its last decision left it '
    || coalesce(a.status, 'to runs') as finding
from reconciliation.files f
left join lateral (
    select a.decision_no, a.status, a.action
    from reconciliation.file_actions a
    where a.file_id = f.file_id
    order by a.decision_no desc
    limit 1
) a on true
where f.decision_no is distinct from a.decision_no or (f.status = 'dismissed') is distinct from coalesce(a.status = 'dismissed', false)
order by f.file_id;
