-- name: keep_looking
-- What is read from here on is as it is now. The transaction writes nothing, so that no reader of the log waits for it, and lasts as long
-- as it takes to read the log.
set local idle_in_transaction_session_timeout = '1h';

-- name: moment
-- When the counters are compared, in seconds since 1970, and how far the consumer has come.
select floor(extract(epoch from now()))::bigint as at_seconds, coalesce(c.tx, 0) as tx, coalesce(c.pos, 0) as pos
from (select) as one
left join risk.checkpoints c on c.consumer = 'risk';

-- name: parked
-- The streams that the consumer leaves alone, and from which version on.
select stream_id, since_version from risk.parked_streams where consumer = 'risk';

-- name: begin
-- What the log tells, each amount at its second; it is gone with the session.
create temporary table told (outcome bytea, pair smallint, second bigint, amount bigint);

-- name: end
-- The connection may serve others.
drop table if exists pg_temp.told;

-- name: live_counts
-- What each live counter says of some windows, at a moment.
select
    o.outcome,
    array(
        select risk.outcomes_since(o.state, $1 - w.seconds)
        from unnest($2::bigint[]) with ordinality as w (seconds, place)
        order by w.place
    ) as counts
from risk.outcomes o
order by o.outcome;

-- name: told_counts
-- What each counter may say of some windows at that moment: what happened in the window, and what happened in one 60th more of it. What
-- was taken back may still count at its second or under a later one, so that it lowers neither further than in the window.
select
    outcome, min(pair) as pair,
    array_agg(least order by place) as least, array_agg(most order by place) as most
from (
    select
        t.outcome, w.place, min(t.pair) as pair,
        coalesce(sum(t.amount) filter (where t.second > $1 - w.seconds), 0)::bigint as least,
        (coalesce(sum(t.amount) filter (where t.amount > 0 and t.second > $1 - w.seconds - w.seconds / 60), 0)
            + coalesce(sum(t.amount) filter (where t.amount < 0 and t.second > $1 - w.seconds), 0))::bigint as most
    from told t
    cross join unnest($2::bigint[]) with ordinality as w (seconds, place)
    group by t.outcome, w.place
) as counted
group by outcome
order by outcome;
