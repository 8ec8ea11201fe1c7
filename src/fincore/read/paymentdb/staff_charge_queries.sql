-- name: walk_all
-- The charges of one mode, newest first.
select *
from paymentdb.charges
where livemode::int = {livemode}::boolean::int{conditions}
order by created_at desc, charge_id desc
{slice}

-- name: walk_merchants
-- The same of each of some merchants.
select c.*
from unnest({merchants}::text[]) as allowed (merchant_id)
cross join lateral (
    select *
    from paymentdb.charges
    where merchant_id = allowed.merchant_id and livemode = {livemode}{conditions}
    order by created_at desc, charge_id desc
    {slice}
) c

-- name: walk_terms
-- The charges of one mode with each of some terms.
select c.*
from (
    select distinct found.charge_id
    from unnest({terms}::text[]) as wanted (term)
    cross join lateral (
        select created_at, charge_id
        from paymentdb.search_terms
        where livemode = {livemode} and kind = {kind} and term = wanted.term{conditions}
        order by created_at desc, charge_id desc
        {slice}
    ) found
) t
join paymentdb.charges c on c.charge_id = t.charge_id

-- name: walk_terms_of_merchants
-- The same of some merchants: what others have with a term is not looked at.
select c.*
from (
    select distinct found.charge_id
    from unnest({terms}::text[]) as wanted (term)
    cross join lateral (
        select part.created_at, part.charge_id
        from unnest({merchants}::text[]) as allowed (merchant_id)
        cross join lateral (
            select created_at, charge_id
            from paymentdb.search_terms
            where livemode = {livemode} and kind = {kind} and merchant_id = allowed.merchant_id and term = wanted.term{conditions}
            order by created_at desc, charge_id desc
            limit {looked_at}
        ) part
        order by part.created_at desc, part.charge_id desc
        {slice}
    ) found
) t
join paymentdb.charges c on c.charge_id = t.charge_id

-- name: list_charges
-- A page of the charges that a walk looks at.
select *
from (
{walk}
) looked
where true{conditions}
order by created_at desc, charge_id desc
limit {rows};

-- name: end_of_look
-- Where a walk stopped looking: of several, the newest place, for none was looked at beyond it.
select created_at, charge_id
from (
{walk}
) ends
order by created_at desc, charge_id desc
limit 1;

-- name: total_charges
-- Counts and sums of the charges that a walk looks at, by currency. A sum beyond the range of bigint is its greatest value.
select
    currency, count(*) as charges,
    least(sum(amount_minor), 9223372036854775807)::bigint as amount_minor,
    least(sum(captured_minor), 9223372036854775807)::bigint as captured_minor,
    least(sum(refunded_minor), 9223372036854775807)::bigint as refunded_minor
from (
{walk}
) looked
where true{conditions}
group by currency
order by currency;

-- name: terms_beginning
-- The first terms from $3 on that come before $4: one descent of the index for each, however many charges have it.
with recursive found as (
    (
        select term
        from paymentdb.search_terms
        where livemode = $1 and kind = $2 and term >= $3 and ($4::text is null or term < $4)
        order by term
        limit 1
    )
    union all
    select (
        select s.term
        from paymentdb.search_terms s
        where s.livemode = $1 and s.kind = $2 and s.term > f.term and ($4::text is null or s.term < $4)
        order by s.term
        limit 1
    )
    from found f
    where f.term is not null
)
select term
from found
where term is not null
limit $5;

-- name: terms_of_merchants_beginning
-- The same of the merchants $6: one descent for each term and merchant.
with recursive found as (
    (
        select min(next.term) as term
        from unnest($6::text[]) as allowed (merchant_id)
        cross join lateral (
            select s.term
            from paymentdb.search_terms s
            where s.livemode = $1 and s.kind = $2 and s.merchant_id = allowed.merchant_id
              and s.term >= $3 and ($4::text is null or s.term < $4)
            order by s.term
            limit 1
        ) next
    )
    union all
    select (
        select min(next.term)
        from unnest($6::text[]) as allowed (merchant_id)
        cross join lateral (
            select s.term
            from paymentdb.search_terms s
            where s.livemode = $1 and s.kind = $2 and s.merchant_id = allowed.merchant_id
              and s.term > f.term and ($4::text is null or s.term < $4)
            order by s.term
            limit 1
        ) next
    )
    from found f
    where f.term is not null
)
select term
from found
where term is not null
limit $5;

-- name: find_charge
-- One charge of one mode, of any merchant.
select * from paymentdb.charges where livemode = $1 and charge_id = $2;

-- name: after_place
-- Those that come after a place in the list.
(created_at, charge_id) < {value};

-- name: created_from
-- Those created at a moment or after it.
created_at >= {value};

-- name: created_before
-- Those created before a moment.
created_at < {value};

-- name: with_status
-- Those in a state.
status = {value};

-- name: with_statuses
-- Those in one of some states.
status = any ({value}::text[]);

-- name: with_currency
-- Those in a currency.
currency = {value};

-- name: with_currencies
-- Those in one of some currencies.
currency = any ({value}::text[]);

-- name: with_amount
-- Those of exactly an amount.
amount_minor = {value};

-- name: amount_from
-- Those of an amount or more.
amount_minor >= {value};

-- name: amount_to
-- Those of an amount or less.
amount_minor <= {value};

-- name: with_psp
-- Those that are now at a PSP.
psp = {value};

-- name: with_psp_account
-- Those that are now at an account of a PSP.
psp_account = {value};

-- name: with_brand
-- Those paid with a card of a brand.
instrument ->> 'brand' = {value};

-- name: with_last4
-- Those paid with a card with such last digits.
instrument ->> 'last4' = {value};

-- name: with_email
-- Those of a customer.
lower(customer_email collate "C") = {value};

-- name: with_email_beginning
-- Those of customers with an address that begins so.
starts_with(lower(customer_email collate "C"), {value});

-- name: with_metadata
-- Those that carry all of some metadata.
metadata @> {value}::jsonb;

-- name: disputed
-- Those that the customer's bank ever questioned.
(disputes is not null) = {value};

-- name: with_unknown_outcome
-- Those of which it is not known what became of the pending operation.
(unknown_since is not null) = {value};

-- name: with_review
-- Those with a review that stands so.
review_status = {value};
