-- name: ended_proposals
-- Proposals about money that have ended, in their order.
select proposal_id, kind, object_id, status
from staff.proposals
where currency is not null and status not in ('proposed', 'approved')
order by proposal_id;

-- name: refunds_of_log
-- Which of the refunds $1 the log has.
select data ->> 'refund_id' as refund_id
from eventstore.events
where type = 'refund.requested' and data ->> 'refund_id' = any($1::text[]);

-- name: decisions_of_proposals
-- For which of the proposals $1 something was decided about a break.
select booked #>> '{staff,agreement,proposal_id}' as proposal_id
from reconciliation.adjustments
where booked #>> '{staff,agreement,proposal_id}' = any($1::text[])
union all
select reversed #>> '{staff,agreement,proposal_id}'
from reconciliation.adjustment_reversals
where reversed #>> '{staff,agreement,proposal_id}' = any($1::text[]);
