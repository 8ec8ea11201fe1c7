-- name: refused_commits
-- Which commits of a batch cannot be written, and why: the stream moved on, the key was used, the webhook was received,
-- what it names at a PSP belongs to another stream.
-- A commit was written before if its own first event is already there (its acknowledgement was lost).
with wanted as (
    select *
    from unnest($1::int[], $2::uuid[], $3::int[], $4::uuid[]) as t (commit_no, stream_id, expected_version, event_id)
),
keys as (
    select *
    from unnest($5::int[], $6::text[], $7::boolean[], $8::text[]) as t (commit_no, merchant_id, livemode, key)
),
webhooks as (
    select *
    from unnest($9::int[], $10::text[], $11::text[], $12::text[], $13::bytea[])
        as t (commit_no, psp, psp_account, psp_event_id, body_sha256)
),
claims as (
    select *
    from unnest($14::int[], $15::uuid[], $16::text[], $17::text[], $18::text[])
        with ordinality as t (commit_no, stream_id, psp, psp_account, psp_reference, claim_no)
)
select
    w.commit_no,
    case when e.event_id = w.event_id then 'written' else 'conflict' end as reason,
    case when e.event_id = w.event_id then 0 else 2 end as place,
    null::bytea as fingerprint, null::smallint as response_status, null::bytea as response_body,
    null::text as location, null::timestamptz as in_flight_until, null::boolean as is_same,
    null::text as psp_reference, null::uuid as owner, null::bigint as claim_no
from wanted w
join eventstore.events e on e.stream_id = w.stream_id and e.version = w.expected_version + 1
union all
select k.commit_no, 'replayed', 1, i.fingerprint, i.response_status, i.response_body, i.location, i.in_flight_until,
    null, null, null, null
from keys k
join eventstore.idempotency_keys i using (merchant_id, livemode, key)
union all
select h.commit_no, 'received', 1, null, null, null, null, null,
    coalesce(i.body_sha256, sha256(i.body)) = h.body_sha256, null, null, null
from webhooks h
join eventstore.inbox i using (psp, psp_account, psp_event_id)
union all
select c.commit_no, 'reference_taken', 3, null, null, null, null, null, null, r.psp_reference, r.stream_id, c.claim_no
from claims c
join eventstore.psp_references r using (psp, psp_account, psp_reference)
where r.stream_id <> c.stream_id
-- A repeated request is told what its key got, even where its stream has moved on too. Of several taken references the
-- first of the commit is named.
order by commit_no, place, claim_no;

-- name: insert_batch
-- Every row of every commit of a batch, in one statement, which is a transaction by itself. In place of the first line after `with` the
-- writer puts what the queue writes of the batch's jobs. PostgreSQL promises no order
-- among such expressions: two batches may wait for each other, one of them is refused (deadlock_detected), and it is written again.
-- `replaced_responses`: the final responses of requests that waited for their outcome; a response is replaced once, while it is in
-- flight. After that moment another request may have been given the first response, so it stays.
with
--jobs--
replaced_responses as (
    update eventstore.idempotency_keys k
    set response_status = f.response_status, response_body = f.response_body, in_flight_until = null
    from unnest($27::text[], $28::boolean[], $29::text[], $30::smallint[], $31::bytea[])
        as f (merchant_id, livemode, key, response_status, response_body)
    where k.merchant_id = f.merchant_id and k.livemode = f.livemode and k.key = f.key
      and k.in_flight_until > clock_timestamp()
),
written_events as (
    insert into eventstore.events (stream_id, version, event_id, type, schema_version, data, metadata)
    select stream_id, version, event_id, type, schema_version, data::jsonb, metadata::jsonb
    from unnest($1::uuid[], $2::int[], $3::uuid[], $4::text[], $5::smallint[], $6::text[], $7::text[])
        as t (stream_id, version, event_id, type, schema_version, data, metadata)
),
written_keys as (
    insert into eventstore.idempotency_keys
        (merchant_id, livemode, key, fingerprint, response_status, response_body, location, in_flight_until)
    select *
    from unnest($8::text[], $9::boolean[], $10::text[], $11::bytea[], $12::smallint[], $13::bytea[], $14::text[],
                $15::timestamptz[])
),
written_references as (
    insert into eventstore.psp_references (psp, psp_account, psp_reference, stream_id)
    select c.psp, c.psp_account, c.psp_reference, c.stream_id
    from unnest($23::text[], $24::text[], $25::text[], $26::uuid[]) as c (psp, psp_account, psp_reference, stream_id)
    where not exists (
        select from eventstore.psp_references r
        where (r.psp, r.psp_account, r.psp_reference, r.stream_id) = (c.psp, c.psp_account, c.psp_reference, c.stream_id)
    )
)
insert into eventstore.inbox (psp, psp_account, psp_event_id, type, body, is_interesting, body_sha256)
select *
from unnest($16::text[], $17::text[], $18::text[], $19::text[], $20::bytea[], $21::boolean[], $22::bytea[]);

-- name: find_responses
-- What idempotency keys got; keys that were not used are left out. Lateral: a look-up by the primary key for each, never a scan.
select wanted.merchant_id, wanted.livemode, wanted.key, found.*
from unnest($1::text[], $2::boolean[], $3::text[]) as wanted (merchant_id, livemode, key)
cross join lateral (
    select k.fingerprint, k.response_status, k.response_body, k.location, k.in_flight_until
    from eventstore.idempotency_keys k
    where k.merchant_id = wanted.merchant_id and k.livemode = wanted.livemode and k.key = wanted.key
    limit 1
) found;

-- name: purge_idempotency_keys
-- Forget keys older than the retention by this server's clock, a bounded number at a time.
with old as (
    select merchant_id, livemode, key
    from eventstore.idempotency_keys
    where created_at < now() - $1::interval
    limit $2
    for update skip locked
)
delete from eventstore.idempotency_keys k
using old
where k.merchant_id = old.merchant_id and k.livemode = old.livemode and k.key = old.key;
