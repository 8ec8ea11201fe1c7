-- How often something happened lately, by each key that a rule counts by. Values are stored as hashes. Nothing here is the truth
-- about money: outcomes are counted anew from the log, and attempts are an estimate that may only be too high.
create schema if not exists risk;

-- A ring is {total, bucket, amount, bucket, amount ...}: the buckets of one counter in which something happened, oldest first, at most
-- 61 of them. A bucket is a 60th of the counter's window, numbered from 1970. The oldest counts whole, so that the total is never
-- lower than what happened in the window.
create function risk.ring_with(ring bigint[], fresh bigint[]) returns bigint[] language plpgsql immutable parallel safe as $$
declare
    newest bigint;
    past int;
begin
    for place in 2 .. cardinality(fresh) - 1 by 2 loop
        newest := ring[cardinality(ring) - 1];
        if newest > fresh[place] + 60 then
            -- The clock was set back by more than the window: all of it counts as now, and lapses a window from now.
            ring := array[ring[1], fresh[place], ring[1]];
            newest := fresh[place];
        end if;
        -- What began earlier and waited for the row counts as of the newest bucket.
        newest := greatest(newest, fresh[place]);
        past := 2;
        while past < cardinality(ring) and ring[past] < newest - 60 loop
            ring[1] := ring[1] - ring[past + 1];
            past := past + 2;
        end loop;
        if past > 2 then
            ring := ring[1:1] || ring[past:];
        end if;
        continue when fresh[place + 1] = 0;
        if ring[1] > 4000000000000000000 then
            continue;  -- no rule asks for more, and nothing may overflow
        end if;
        ring[1] := ring[1] + fresh[place + 1];
        if ring[cardinality(ring) - 1] = newest then
            ring[cardinality(ring)] := ring[cardinality(ring)] + fresh[place + 1];
        else
            ring := ring || newest || fresh[place + 1];
        end if;
    end loop;
    return ring;
end
$$;

-- Different cards, as {card, bucket, card, bucket ...}: hashes of cards, with the bucket in which each was seen last; those seen longest
-- ago first. There are at most 250: with one more, the first is left out. `fresh` are the cards of some attempts in `bucket`, null
-- where an attempt adds none.
create function risk.cards_with(cards bigint[], fresh bigint[], bucket bigint) returns bigint[]
language plpgsql immutable parallel safe as $$
declare
    kept bigint[] := '{}';
    newest bigint := greatest(bucket, cards[cardinality(cards)]);
begin
    if newest > bucket + 60 then
        newest := bucket;  -- the clock was set back by more than the window
    end if;
    for place in 1 .. cardinality(cards) - 1 by 2 loop
        if cards[place + 1] >= newest - 60 and (cards[place] = any (fresh)) is not true then
            kept := kept || array[cards[place], least(cards[place + 1], newest)];
        end if;
    end loop;
    for place in 1 .. cardinality(fresh) loop
        -- A card that comes again among them stands where it came last.
        if fresh[place] is not null and (fresh[place] = any (fresh[place + 1:])) is not true then
            kept := kept || array[fresh[place], newest];
        end if;
    end loop;
    return kept[greatest(cardinality(kept) - 499, 1):];
end
$$;

-- How many different cards there are after each of these attempts.
create function risk.card_counts(cards bigint[], fresh bigint[], bucket bigint) returns int[]
language plpgsql immutable parallel safe as $$
declare
    kept bigint[] := risk.cards_with(cards, '{}', bucket);
    known bigint[] := array(select kept[place] from generate_series(1, cardinality(kept), 2) as place);
    counts int[] := '{}';
begin
    for place in 1 .. cardinality(fresh) loop
        if fresh[place] is not null and not fresh[place] = any (known) then
            known := known || fresh[place];
        end if;
        counts := counts || least(cardinality(known), 250);
    end loop;
    return counts;
end
$$;

-- Which attempt was counted, and where: the hashes of its counters, 16 bytes each, one after the other. A request that is repeated
-- counts only in those where it does not stand yet. `rings_before` is what stood there before the last statement.
create table risk.attempts (
    attempt      bytea       primary key check (octet_length(attempt) = 16),
    rings        bytea       not null,
    rings_before bytea       not null,
    counted_at   timestamptz not null
);
create index attempts_by_time on risk.attempts (counted_at);

-- `lapses_on`: a day on which nothing of it counts any more. It changes once a day, so that most updates touch no index.
create table risk.attempt_rings (
    ring      bytea    primary key check (octet_length(ring) = 16),
    state     bigint[] not null check (cardinality(state) between 1 and 123),
    lapses_on date     not null
) with (fillfactor = 60);
create index attempt_rings_by_end on risk.attempt_rings (lapses_on);

create table risk.card_sets (
    ring      bytea    primary key check (octet_length(ring) = 16),
    cards     bigint[] not null check (cardinality(cards) <= 500),
    -- Of the last statement: its bucket, the card that each of its attempts added, and how many there were after each.
    bucket    bigint   not null,
    fresh     bigint[] not null,
    counts    int[]    not null check (cardinality(counts) = cardinality(fresh)),
    lapses_on date     not null
) with (fillfactor = 60);
create index card_sets_by_end on risk.card_sets (lapses_on);

-- What became of charges: {second, amount, second, amount ...}, as the consumer `risk` has counted it from the log, in no order.
create function risk.outcomes_with(state bigint[], fresh bigint[]) returns bigint[] language plpgsql immutable parallel safe as $$
declare
    newest bigint;
begin
    state := state || fresh;
    if cardinality(state) <= 800 then
        return state;
    end if;
    select max(state[place]) into newest from generate_series(1, cardinality(state), 2) as place;
    -- What is older than a window is put together by a 60th of the next, under the newest second of it: no window counts it too
    -- early, and each counts one 60th of itself too much at most.
    return (
        select coalesce(array_agg(flat.number order by grouped.second, flat.place), '{}')
        from (
            select max(one.second) as second, sum(one.amount)::bigint as amount
            from (
                select state[place] as second, state[place + 1] as amount, newest - state[place] as age
                from generate_series(1, cardinality(state), 2) as place
            ) as one
            cross join lateral (
                select case
                    when age < 60 then 1 when age < 600 then 10 when age < 3600 then 60 when age < 86400 then 1440 else 10080
                end as seconds
            ) as bucket
            where one.age <= 604800 + 10080
            group by bucket.seconds, one.second / bucket.seconds
        ) as grouped
        cross join lateral unnest(array[grouped.second, grouped.amount]) with ordinality as flat (number, place)
    );
end
$$;

create function risk.outcomes_since(state bigint[], since bigint) returns bigint language sql immutable parallel safe as $$
    select coalesce(sum(state[place + 1]), 0)::bigint
    from generate_series(1, cardinality(state), 2) as place
    where state[place] > since
$$;

create table risk.outcomes (
    outcome   bytea    primary key check (octet_length(outcome) = 16),
    state     bigint[] not null check (cardinality(state) between 2 and 4000),
    lapses_on date     not null
) with (fillfactor = 60);
create index outcomes_by_end on risk.outcomes (lapses_on);

-- Which outcomes the consumer `risk` counts, and from which place of the log on: what no rule names is not counted.
create table risk.counted_outcomes (
    measure   text   not null,
    key       text   not null,
    since_tx  bigint not null,
    since_pos bigint not null,
    primary key (measure, key)
);

-- What PSPs told of the card behind a token, by a hash of the token: what rules may read of the next charge that it pays.
create table risk.instruments (
    instrument  bytea primary key check (octet_length(instrument) = 16),
    brand       text,
    country     text,
    funding     text,
    fingerprint text,
    lapses_on   date  not null,
    check (num_nonnulls(brand, country, funding, fingerprint) > 0)
) with (fillfactor = 80);
create index instruments_by_end on risk.instruments (lapses_on);

-- How far the consumer of the log has come, and which streams it leaves alone since a version.
create table risk.checkpoints (
    consumer text        primary key,
    tx       bigint      not null,
    pos      bigint      not null,
    moved_at timestamptz not null default clock_timestamp()
);
create table risk.parked_streams (
    consumer      text        not null,
    stream_id     uuid        not null,
    since_version integer     not null,
    reason        text        not null,
    parked_at     timestamptz not null default clock_timestamp(),
    primary key (consumer, stream_id)
);

grant usage on schema risk to fincore_service;
grant select, insert, update, delete on risk.attempts, risk.attempt_rings, risk.card_sets, risk.outcomes, risk.instruments
    to fincore_service;
grant select, insert on risk.counted_outcomes to fincore_service;
grant select, insert, update on risk.checkpoints to fincore_service;
grant select, insert, delete on risk.parked_streams to fincore_service;
