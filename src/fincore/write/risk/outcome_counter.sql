-- name: count_from
-- Which outcomes are counted, and from which place of the log on: those that are wanted begin at this one unless they have begun.
with begun as (
    insert into risk.counted_outcomes (measure, key, since_tx, since_pos)
    select wanted.measure, wanted.key, $3, $4
    from unnest($1::text[], $2::text[]) as wanted (measure, key)
    where not exists (select from risk.counted_outcomes c where (c.measure, c.key) = (wanted.measure, wanted.key))
    order by wanted.measure, wanted.key
    on conflict do nothing
    returning measure, key, since_tx, since_pos
)
select measure, key, since_tx, since_pos from risk.counted_outcomes
union all
select measure, key, since_tx, since_pos from begun;

-- name: add_outcomes
-- Add amounts to counters, each at a second since 1970. What no window counts any more is left out. Unqualified: the table is found by
-- the search path, also that of counters which are built again beside the live ones.
insert into outcomes as o (outcome, state, lapses_on)
select
    t.outcome, array_agg(flat.number order by t.second, flat.place),
    (to_timestamp(max(t.second) + 604800 + 10080) at time zone 'utc')::date + 1
from unnest($1::bytea[], $2::bigint[], $3::bigint[]) as t (outcome, second, amount)
cross join lateral unnest(array[t.second, t.amount]) with ordinality as flat (number, place)
where t.second > extract(epoch from now())::bigint - 604800 - 10080
group by t.outcome
order by t.outcome
on conflict (outcome) do update
set state = risk.outcomes_with(o.state, excluded.state), lapses_on = greatest(o.lapses_on, excluded.lapses_on);

-- name: keep_instruments
-- Keep what PSPs told of the cards behind some tokens: the newest of each fact, for as long as it lasts. A day changes a row once.
insert into risk.instruments as i (instrument, brand, country, funding, fingerprint, lapses_on)
select t.instrument, t.brand, t.country, t.funding, t.fingerprint, t.lapses_on
from unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[])
    as t (instrument, brand, country, funding, fingerprint, lapses_on)
where t.lapses_on > (now() at time zone 'utc')::date
order by t.instrument
on conflict (instrument) do update set
    brand = coalesce(excluded.brand, i.brand),
    country = coalesce(excluded.country, i.country),
    funding = coalesce(excluded.funding, i.funding),
    fingerprint = coalesce(excluded.fingerprint, i.fingerprint),
    lapses_on = greatest(excluded.lapses_on, i.lapses_on)
where (
    coalesce(excluded.brand, i.brand), coalesce(excluded.country, i.country), coalesce(excluded.funding, i.funding),
    coalesce(excluded.fingerprint, i.fingerprint), greatest(excluded.lapses_on, i.lapses_on)
) is distinct from (i.brand, i.country, i.funding, i.fingerprint, i.lapses_on);
