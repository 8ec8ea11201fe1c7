-- name: refund_place
-- The charge and the merchant of a refund in a mode.
select charge_id, merchant_id from paymentdb.refunds where refund_id = $2 and livemode = $1;

-- name: dispute_place
-- The charge and the merchant of a dispute in a mode.
select charge_id, merchant_id from paymentdb.disputes where dispute_id = $2 and livemode = $1;

-- name: session_place
-- The merchant of a checkout session in a mode.
select null as charge_id, merchant_id from paymentdb.checkout_sessions where session_id = $2 and livemode = $1;

-- name: event_place
-- The charge and the merchant of an event in a mode; an event of a checkout session has no charge.
select charge_id, merchant_id from paymentdb.events where event_id = $2 and livemode = $1;
