-- name: find_charge
-- One charge of a merchant, in one mode.
select *
from paymentdb.charges
where charge_id = $3 and merchant_id = $1 and livemode = $2;

-- name: list_charges
-- A merchant's charges, newest first. The conditions are any of the blocks below, so that each combination of filters
-- is a statement of its own and finds its own index.
select *
from paymentdb.charges
where merchant_id = $1 and livemode = $2{conditions}
order by created_at desc, charge_id desc
limit $3;

-- name: after_charge
-- Those that come after a charge in the list; none where the merchant has no such charge.
(created_at, charge_id) < (
    select a.created_at, a.charge_id
    from paymentdb.charges a
    where a.charge_id = {value} and a.merchant_id = $1 and a.livemode = $2
);

-- name: with_status
-- Those in a state.
status = {value};

-- name: with_statuses
-- Those in one of some states.
status = any ({value}::text[]);

-- name: with_customer_email
-- Those of a customer.
customer_email = {value};

-- name: created_from
-- Those created at a moment or after it.
created_at >= {value};

-- name: created_before
-- Those created before a moment.
created_at < {value};

-- name: with_metadata
-- Those that carry all of some metadata.
metadata @> {value}::jsonb;

-- name: disputed
-- Those that the customer's bank ever questioned.
(disputes is not null) = {value};

-- name: with_currency
-- Those in a currency.
currency = {value};

-- name: amount_from
-- Those of an amount or more.
amount_minor >= {value};

-- name: amount_to
-- Those of an amount or less.
amount_minor <= {value};

-- name: with_amount
-- Those of exactly an amount.
amount_minor = {value};

-- name: with_psp_reference
-- Those that have an id at a PSP: of the payment, of a part of it, of a refund, of a dispute.
(psp_reference = {value} or other_references @> to_jsonb({value}::text));

-- name: with_last4
-- Those paid with a card with such last digits.
instrument ->> 'last4' = {value};

-- name: with_brand
-- Those paid with a card of a brand.
instrument ->> 'brand' = {value};

-- name: with_review
-- Those with a review that stands so.
review_status = {value};
