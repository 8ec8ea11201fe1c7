-- name: find_refund
-- One refund of a merchant, in one mode.
select r.*, c.version as charge_version
from paymentdb.refunds r
join paymentdb.charges c using (charge_id)
where r.refund_id = $3 and r.merchant_id = $1 and r.livemode = $2;

-- name: list_refunds
-- A merchant's refunds, newest first, through any of the conditions below.
select r.*, c.version as charge_version
from paymentdb.refunds r
join paymentdb.charges c using (charge_id)
where r.merchant_id = $1 and r.livemode = $2{conditions}
order by r.created_at desc, r.refund_id desc
limit $3;

-- name: after_refund
-- Those that come after a refund in the list; none where the merchant has no such refund.
(r.created_at, r.refund_id) < (
    select a.created_at, a.refund_id
    from paymentdb.refunds a
    where a.refund_id = {value} and a.merchant_id = $1 and a.livemode = $2
);

-- name: of_charge
-- Those of a charge.
r.charge_id = {value};

-- name: with_status
-- Those in a state.
r.status = {value};

-- name: with_statuses
-- Those in one of some states.
r.status = any ({value}::text[]);

-- name: created_from
-- Those asked for at a moment or after it.
r.created_at >= {value};

-- name: created_before
-- Those asked for before a moment.
r.created_at < {value};
