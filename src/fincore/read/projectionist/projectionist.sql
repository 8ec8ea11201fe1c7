-- name: current_charges
-- The rows of some charges as they stand.
select *
from paymentdb.charges
where charge_id = any ($1::text[]);

-- name: current_sessions
-- The rows of some checkout sessions as they stand.
select *
from paymentdb.checkout_sessions
where session_id = any ($1::text[]);

-- name: upsert_sessions
-- The rows of some checkout sessions as they stand after more events. A row never goes back to an earlier version.
insert into paymentdb.checkout_sessions as s
select *
from unnest(
    $1::text[], $2::uuid[], $3::int[], $4::text[], $5::boolean[], $6::text[], $7::jsonb[], $8::timestamptz[],
    $9::timestamptz[]
)
on conflict (session_id) do update set
    version = excluded.version,
    status = excluded.status,
    session = excluded.session,
    updated_at = excluded.updated_at
where excluded.version > s.version;

-- name: upsert_charges
-- The rows of some charges as they stand after more events. A row never goes back to an earlier version.
insert into paymentdb.charges as c
select *
from unnest(
    $1::text[], $2::uuid[], $3::int[], $4::text[], $5::boolean[], $6::text[], $7::bigint[], $8::text[], $9::text[],
    $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::text[], $16::jsonb[], $17::text[],
    $18::text[], $19::text[], $20::text[], $21::timestamptz[], $22::text[], $23::text[], $24::jsonb[], $25::text[],
    $26::text[], $27::jsonb[], $28::jsonb[], $29::jsonb[], $30::int[], $31::int[], $32::timestamptz[], $33::jsonb[],
    $34::jsonb[], $35::timestamptz[], $36::timestamptz[], $37::jsonb[], $38::text[], $39::text[], $40::jsonb[],
    $41::timestamptz[], $42::timestamptz[], $43::jsonb[], $44::text[], $45::jsonb[], $46::jsonb[], $47::jsonb[], $48::text[],
    $49::timestamptz[]
)
on conflict (charge_id) do update set
    version = excluded.version,
    status = excluded.status,
    authorized_minor = excluded.authorized_minor,
    captured_minor = excluded.captured_minor,
    refunded_minor = excluded.refunded_minor,
    refundable_minor = excluded.refundable_minor,
    fee_minor = excluded.fee_minor,
    fee_currency = excluded.fee_currency,
    payment_method = excluded.payment_method,
    psp = excluded.psp,
    psp_account = excluded.psp_account,
    psp_reference = excluded.psp_reference,
    capture_before = excluded.capture_before,
    redirect_url = excluded.redirect_url,
    failure = excluded.failure,
    operation = excluded.operation,
    operation_failure = excluded.operation_failure,
    captures_requested = excluded.captures_requested,
    cancels_requested = excluded.cancels_requested,
    unknown_since = excluded.unknown_since,
    refunds = excluded.refunds,
    disputes = excluded.disputes,
    held_reports = excluded.held_reports,
    payment_method_type = excluded.payment_method_type,
    instrument = excluded.instrument,
    authorized_at = excluded.authorized_at,
    pending_until = excluded.pending_until,
    attempts = excluded.attempts,
    other_references = excluded.other_references,
    risk = excluded.risk,
    review_status = excluded.review_status,
    review_decide_by = excluded.review_decide_by,
    updated_at = excluded.updated_at
where excluded.version > c.version;

-- name: upsert_refunds
-- The rows of some refunds as they stand after more events.
insert into paymentdb.refunds as r
select *
from unnest(
    $1::text[], $2::text[], $3::int[], $4::text[], $5::boolean[], $6::text[], $7::bigint[], $8::text[], $9::text[],
    $10::text[], $11::jsonb[], $12::text[], $13::text[], $14::timestamptz[], $15::timestamptz[], $16::timestamptz[],
    $17::bigint[], $18::text[], $19::bigint[], $20::text[]
)
on conflict (refund_id) do update set
    version = excluded.version,
    status = excluded.status,
    psp_reference = excluded.psp_reference,
    failure_code = excluded.failure_code,
    unknown_since = excluded.unknown_since,
    fee_minor = excluded.fee_minor,
    fee_currency = excluded.fee_currency,
    fee_taken_again_minor = excluded.fee_taken_again_minor,
    fee_taken_again_currency = excluded.fee_taken_again_currency,
    updated_at = excluded.updated_at
where excluded.version > r.version;

-- name: upsert_disputes
-- The rows of some disputes as they stand after more events.
insert into paymentdb.disputes as d
select *
from unnest(
    $1::text[], $2::text[], $3::int[], $4::text[], $5::boolean[], $6::text[], $7::text[], $8::boolean[], $9::bigint[],
    $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[], $15::jsonb[], $16::text[]
)
on conflict (dispute_id) do update set
    version = excluded.version,
    status = excluded.status,
    is_inquiry = excluded.is_inquiry,
    evidence_due_by = excluded.evidence_due_by,
    movements = excluded.movements,
    updated_at = excluded.updated_at
where excluded.version > d.version;

-- name: insert_events
-- What merchants may see of some events, each once.
insert into paymentdb.events
select *
from unnest(
    $1::uuid[], $2::text[], $3::int[], $4::text[], $5::boolean[], $6::text[], $7::timestamptz[], $8::timestamptz[],
    $9::jsonb[], $10::text[]
)
on conflict (event_id) do nothing;

-- name: insert_search_terms
-- The terms by which staff find some charges, each once.
insert into paymentdb.search_terms
select *
from unnest($1::boolean[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[])
on conflict do nothing;
