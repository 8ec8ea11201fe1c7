-- name: find_dispute
-- One dispute of a merchant, in one mode.
select *
from paymentdb.disputes
where dispute_id = $3 and merchant_id = $1 and livemode = $2;

-- name: list_disputes
-- A merchant's disputes, newest first, through any of the conditions below.
select *
from paymentdb.disputes
where merchant_id = $1 and livemode = $2{conditions}
order by opened_at desc, dispute_id desc
limit $3;

-- name: after_dispute
-- Those that come after a dispute in the list; none where the merchant has no such dispute.
(opened_at, dispute_id) < (
    select a.opened_at, a.dispute_id
    from paymentdb.disputes a
    where a.dispute_id = {value} and a.merchant_id = $1 and a.livemode = $2
);

-- name: of_charge
-- Those of a charge.
charge_id = {value};

-- name: with_status
-- Those in a state.
status = {value};

-- name: with_statuses
-- Those in one of some states.
status = any ({value}::text[]);

-- name: opened_from
-- Those opened at a moment or after it.
opened_at >= {value};

-- name: opened_before
-- Those opened before a moment.
opened_at < {value};
