-- name: observe
-- Count attempts and read their counters, those of outcomes, and the lists: all that a batch asks, each answer with its number.
-- The locks are taken in one order by every process: attempts, rings, sets of cards, each by their hashes. $1 is the time, the server's
-- unless given; $2 after how long a request under the same idempotency key is another one. $3 and $7 are hashes of 16 bytes each, one
-- after the other. Full joins, where neither side has rows that the other lacks, are hash joins also where the planner expects few
-- rows. Lateral with a limit: a look-up by an index for each, also where the table was small when the plan was made.
with moment as materialized (
    select at, floor(extract(epoch from at))::bigint as at_seconds
    from (select coalesce($1::timestamptz, now()) as at) as told
),
counted as (
    insert into risk.attempts as a (attempt, rings, rings_before, counted_at)
    select substring($3::bytea from (t.no::int - 1) * 16 + 1 for 16), t.rings, '', moment.at
    from unnest($4::bytea[]) with ordinality as t (rings, no), moment
    order by 1
    on conflict (attempt) do update set
        rings_before = case
            when a.counted_at between excluded.counted_at - $2::interval and excluded.counted_at + $2::interval then a.rings
            else ''
        end,
        rings = case
            when a.counted_at not between excluded.counted_at - $2::interval and excluded.counted_at + $2::interval then excluded.rings
            when position(excluded.rings in a.rings) > 0 or octet_length(a.rings) > 8192 then a.rings
            else a.rings || excluded.rings
        end,
        counted_at = case
            when a.counted_at between excluded.counted_at - $2::interval and excluded.counted_at + $2::interval then a.counted_at
            else excluded.counted_at
        end
    returning a.attempt, a.rings_before
),
steps as materialized (
    select
        t.no, t.ring, t.bucket_seconds, t.is_set, moment.at_seconds / t.bucket_seconds as bucket,
        case when position(t.ring in c.rings_before) > 0 then 0 else t.amount end as amount,
        case when position(t.ring in c.rings_before) > 0 then null else t.card end as card
    from (
        select
            no, substring($3::bytea from attempt * 16 + 1 for 16) as attempt,
            substring($7::bytea from (place::int - 1) * 16 + 1 for 16) as ring, bucket_seconds, is_set, amount, card
        from unnest(
            $5::text::int[], $6::text::int[], $8::text::int[], $9::text::boolean[], $10::text::bigint[], $11::text::bigint[]
        ) with ordinality as t (no, attempt, bucket_seconds, is_set, amount, card, place)
    ) as t
    full join counted c using (attempt)
    cross join moment
),
rings as (
    insert into risk.attempt_rings as r (ring, state, lapses_on)
    select
        s.ring, array[sum(s.amount), s.bucket, sum(s.amount)]::bigint[],
        (to_timestamp((s.bucket + 62) * s.bucket_seconds) at time zone 'utc')::date + 1
    from steps s
    where not s.is_set
    group by s.ring, s.bucket, s.bucket_seconds
    order by s.ring
    on conflict (ring) do update set state = risk.ring_with(r.state, excluded.state), lapses_on = excluded.lapses_on
    returning r.ring, r.state[1] as total
),
sets as (
    insert into risk.card_sets as r (ring, cards, bucket, fresh, counts, lapses_on)
    select
        s.ring, risk.cards_with('{}', s.fresh, s.bucket), s.bucket, s.fresh, risk.card_counts('{}', s.fresh, s.bucket),
        (to_timestamp((s.bucket + 62) * s.bucket_seconds) at time zone 'utc')::date + 1
    -- After all rings: whether there were any does not matter.
    from (select count(*) from rings) as after_rings, (
        select ring, bucket, bucket_seconds, array_agg(card order by no) as fresh
        from steps
        where is_set
        group by ring, bucket, bucket_seconds
    ) as s
    order by s.ring
    on conflict (ring) do update set
        cards = risk.cards_with(r.cards, excluded.fresh, excluded.bucket), bucket = excluded.bucket, fresh = excluded.fresh,
        counts = risk.card_counts(r.cards, excluded.fresh, excluded.bucket), lapses_on = excluded.lapses_on
    returning r.ring, r.counts
)
-- Each attempt reads what was counted up to itself, and nothing of those after it in the batch.
select
    s.no,
    (r.total - coalesce(
        sum(s.amount) over (partition by s.ring order by s.no rows between 1 following and unbounded following), 0
    ))::bigint as value
from (select * from steps where not is_set) s
full join rings r using (ring)
union all
select s.no, r.counts[s.place]
from (select no, ring, row_number() over (partition by ring order by no) as place from steps where is_set) s
full join sets r using (ring)
union all
select t.no, coalesce(risk.outcomes_since(o.state, moment.at_seconds - t.window_seconds), 0)
from moment
cross join unnest($12::text::int[], $13::text[], $14::text[], $15::bytea[], $16::text::int[])
    as t (no, measure, key, outcome, window_seconds)
left join lateral (
    select state from risk.outcomes where outcome = t.outcome limit 1
) as o on true
-- That an outcome which is not counted did not happen is not known.
where exists (select from risk.counted_outcomes c where (c.measure, c.key) = (t.measure, t.key))
union all
select t.no, 1
from moment
cross join unnest($17::int[], $18::text[], $19::text[], $20::text[]) as t (no, list, value, merchant_id)
cross join lateral (
    select from risk.list_entries e
    where e.list = t.list and e.value = t.value and e.removed_at is null
      and (e.merchant_id is null or e.merchant_id = t.merchant_id)
      and (e.expires_at is null or e.expires_at > moment.at)
      and (e.import_id is null
           or exists (select from risk.list_imports i where i.import_id = e.import_id and i.completed_at is not null))
    limit 1
) as listed
union all
select t.no, 1
from moment
cross join unnest($21::int[], $22::text[], $23::text[], $24::text[]) as t (no, list, address, merchant_id)
cross join lateral (
    select from risk.list_entries e
    where e.list = t.list and e.network >>= t.address::inet and e.network is not null and e.removed_at is null
      and (e.merchant_id is null or e.merchant_id = t.merchant_id)
      and (e.expires_at is null or e.expires_at > moment.at)
      and (e.import_id is null
           or exists (select from risk.list_imports i where i.import_id = e.import_id and i.completed_at is not null))
    limit 1
) as listed;

-- name: purge_attempts
-- Forget which attempts were counted, past the retention, a bounded number at a time.
with old as (
    select attempt from risk.attempts
    where counted_at < coalesce($1::timestamptz, now()) - $2::interval
    limit $3
    for update skip locked
)
delete from risk.attempts a using old where a.attempt = old.attempt;

-- name: purge_rings
-- Delete counters that count nothing any more, a bounded number of each kind at a time.
with old_rings as (
    select ring from risk.attempt_rings
    where lapses_on < ((coalesce($1::timestamptz, now()) - $2::interval) at time zone 'utc')::date
    limit $3
    for update skip locked
),
old_sets as (
    select ring from risk.card_sets
    where lapses_on < ((coalesce($1::timestamptz, now()) - $2::interval) at time zone 'utc')::date
    limit $3
    for update skip locked
),
old_outcomes as (
    select outcome from risk.outcomes
    where lapses_on < ((coalesce($1::timestamptz, now()) - $2::interval) at time zone 'utc')::date
    limit $3
    for update skip locked
),
rings as (
    delete from risk.attempt_rings r using old_rings o where r.ring = o.ring returning 1
),
outcomes as (
    delete from risk.outcomes r using old_outcomes o where r.outcome = o.outcome returning 1
),
sets as (
    delete from risk.card_sets r using old_sets o where r.ring = o.ring returning 1
)
select greatest((select count(*) from rings), (select count(*) from sets), (select count(*) from outcomes));
