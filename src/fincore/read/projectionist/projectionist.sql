-- name: current_charges
-- The rows of some charges as they stand.
select *
from paymentdb.charges
where charge_id = any ($1::text[]);

-- name: upsert_charges
-- The rows of some charges as they stand after more events. A row never goes back to an earlier version.
insert into paymentdb.charges as c
select *
from unnest(
    $1::text[], $2::uuid[], $3::int[], $4::text[], $5::boolean[], $6::text[], $7::bigint[], $8::text[], $9::text[],
    $10::bigint[], $11::bigint[], $12::text[], $13::text[], $14::text[], $15::text[], $16::timestamptz[], $17::text[],
    $18::text[], $19::jsonb[], $20::jsonb[], $21::text[], $22::timestamptz[], $23::timestamptz[], $24::timestamptz[],
    $25::jsonb[]
)
on conflict (charge_id) do update set
    version = excluded.version,
    status = excluded.status,
    authorized_minor = excluded.authorized_minor,
    captured_minor = excluded.captured_minor,
    psp_reference = excluded.psp_reference,
    capture_before = excluded.capture_before,
    failure = excluded.failure,
    redirect_url = excluded.redirect_url,
    unknown_since = excluded.unknown_since,
    updated_at = excluded.updated_at,
    timeline = excluded.timeline
where excluded.version > c.version;
