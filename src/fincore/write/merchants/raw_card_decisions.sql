-- name: add_decision
-- A further decision about a merchant in a mode; the foreign key refuses an unknown merchant.
insert into merchants.raw_card_decisions (merchant_id, livemode, decision_no, is_enabled, decided_at, decided_by, reason)
select $1, $2, coalesce(max(decision_no), 0) + 1, $3, $4, $5, $6
from merchants.raw_card_decisions
where merchant_id = $1 and livemode = $2;

-- name: list_decisions
-- Every decision about a merchant, by mode, the latest last.
select livemode, is_enabled, decided_at, decided_by, reason
from merchants.raw_card_decisions
where merchant_id = $1
order by livemode, decision_no;

-- name: find_enabled
-- Which of some merchants may send card numbers in a mode: their latest decision says so.
select q.merchant_id, q.livemode
from unnest($1::text[], $2::boolean[]) q (merchant_id, livemode)
where (
    select d.is_enabled from merchants.raw_card_decisions d
    where d.merchant_id = q.merchant_id and d.livemode = q.livemode
    order by d.decision_no desc limit 1
);
