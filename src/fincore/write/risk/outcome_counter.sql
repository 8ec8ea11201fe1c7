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
