-- name: add_received
-- A request came.
insert into merchants.raw_card_requests (request_id, stage, merchant_id, livemode, key_id, at)
values ($1, 'received', $2, $3, $4, $5);

-- name: add_answered
-- A request is about to be answered.
insert into merchants.raw_card_requests (request_id, stage, merchant_id, livemode, key_id, at, outcome, screened_by)
values ($1, 'answered', $2, $3, $4, $5, $6, $7);

-- name: purge_requests
-- Delete rows older than the retention by this server's clock, a bounded number of the oldest.
with old as (
    select request_id, stage
    from merchants.raw_card_requests
    where at < now() - $1::interval
    order by at
    limit $2
)
delete from merchants.raw_card_requests r
using old
where (r.request_id, r.stage) = (old.request_id, old.stage);
