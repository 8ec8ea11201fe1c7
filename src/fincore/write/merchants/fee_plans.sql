-- name: set_plan
-- A further plan of a merchant in a currency; the foreign key refuses an unknown merchant.
insert into merchants.fee_plans (merchant_id, currency, plan_no, basis_points, fixed_minor, set_at, set_by)
select $1, $2, coalesce(max(plan_no), 0) + 1, $3, $4, $5, $6
from merchants.fee_plans
where merchant_id = $1 and currency = $2;

-- name: list_plans
-- Every plan a merchant has ever had, by currency, the latest last.
select merchant_id, currency, plan_no, basis_points, fixed_minor, set_at, set_by
from merchants.fee_plans
where merchant_id = $1
order by currency, plan_no;
