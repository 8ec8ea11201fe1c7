-- name: add_received
-- A request came.
insert into merchants.raw_card_requests (request_id, stage, merchant_id, livemode, key_id, at)
values ($1, 'received', $2, $3, $4, $5);

-- name: add_answered
-- A request is about to be answered.
insert into merchants.raw_card_requests (request_id, stage, merchant_id, livemode, key_id, at, outcome, screened_by)
values ($1, 'answered', $2, $3, $4, $5, $6, $7);
