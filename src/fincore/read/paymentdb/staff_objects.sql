-- name: list_refunds
-- Refunds, newest first: the newest of each part, and of those the newest.
select r.*, c.version as charge_version
from (
    select p.*
    from {sources} lateral (
        select *
        from paymentdb.refunds
        where {part}{conditions}
        order by created_at desc, refund_id desc
        limit {limit}
    ) p
    order by p.created_at desc, p.refund_id desc
    limit {limit}
) r
join paymentdb.charges c using (charge_id)
order by r.created_at desc, r.refund_id desc;

-- name: list_disputes
-- Disputes, newest first: the newest of each part, and of those the newest.
select p.*
from {sources} lateral (
    select *
    from paymentdb.disputes
    where {part}{conditions}
    order by opened_at desc, dispute_id desc
    limit {limit}
) p
order by p.opened_at desc, p.dispute_id desc
limit {limit};

-- name: list_disputes_by_deadline
-- Disputes, those with the soonest deadline first, and those without one last.
select p.*
from {sources} lateral (
    select *
    from paymentdb.disputes
    where {part}{conditions}
    order by coalesce(evidence_due_by, 'infinity'), dispute_id
    limit {limit}
) p
order by coalesce(p.evidence_due_by, 'infinity'), p.dispute_id
limit {limit};

-- name: list_sessions
-- Checkout sessions, newest first: the newest of each part, and of those the newest.
select p.*
from {sources} lateral (
    select *
    from paymentdb.checkout_sessions
    where {part}{conditions}
    order by created_at desc, session_id desc
    limit {limit}
) p
order by p.created_at desc, p.session_id desc
limit {limit};

-- name: of_charge
-- Those of a charge.
charge_id = {value};

-- name: created_from
-- Those made at a moment or after it.
created_at >= {value};

-- name: created_before
-- Those made before a moment.
created_at < {value};

-- name: opened_from
-- Those opened at a moment or after it.
opened_at >= {value};

-- name: opened_before
-- Those opened before a moment.
opened_at < {value};

-- name: after_refund
-- Those that come after a refund in the list.
(created_at, refund_id) < (select a.created_at, a.refund_id from paymentdb.refunds a where a.refund_id = {value});

-- name: after_dispute
-- Those that come after a dispute in the list.
(opened_at, dispute_id) < (select a.opened_at, a.dispute_id from paymentdb.disputes a where a.dispute_id = {value});

-- name: after_deadline
-- Those that come after a dispute in the list by deadline.
(coalesce(evidence_due_by, 'infinity'), dispute_id) > (
    select coalesce(a.evidence_due_by, 'infinity'), a.dispute_id from paymentdb.disputes a where a.dispute_id = {value}
);

-- name: after_session
-- Those that come after a checkout session in the list.
(created_at, session_id) < (
    select a.created_at, a.session_id from paymentdb.checkout_sessions a where a.session_id = {value}
);
