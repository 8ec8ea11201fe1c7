-- name: list_breaks
-- Breaks of the mode $1, those opened last first, $2 at most.
select b.break_id, b.class, b.psp, b.psp_account, b.currency, b.amount_minor, b.opened_at, b.status, b.closed_at, b.owner, b.stream_id,
    b.reference, l.number, f.name as file_name,
    greatest(floor(extract(epoch from coalesce(b.closed_at, now()) - b.opened_at) / 86400), 0)::int as days
from reconciliation.breaks b
left join reconciliation.lines l on l.line_no = b.line_no
left join reconciliation.files f on f.file_id = coalesce(b.file_id, l.file_id)
where b.livemode = $1{conditions}
order by b.opened_at desc, b.break_id desc
limit $2::bigint;

-- name: standing
-- Those that are not closed.
b.closed_at is null and {value}::boolean;

-- name: of_class
-- Those of a class.
b.class = {value};

-- name: with_status
-- Those with a status.
b.status = {value};

-- name: of_owner
-- Those of an owner.
b.owner = {value};

-- name: without_owner
-- Those without an owner.
b.owner is null and {value}::boolean;

-- name: at_psp
-- Those of accounts at a PSP.
b.psp = {value};

-- name: of_account
-- Those of one account at it.
b.psp_account = {value};

-- name: in_currency
-- Those in a currency.
b.currency = {value};

-- name: of_stream
-- Those of a charge.
b.stream_id = {value};

-- name: opened_by_then
-- Those that are at least so many days old.
b.opened_at <= now() - make_interval(days => {value}::integer);

-- name: opened_since
-- Those that are at most so many days old.
b.opened_at > now() - make_interval(days => {value}::integer + 1);

-- name: after_break
-- Those that come after one in the list; none where there is no such break.
(b.opened_at, b.break_id) < (select o.opened_at, o.break_id from reconciliation.breaks o where o.break_id = {value});

-- name: count_open
-- How many breaks of the mode $1 are open, counted up to $2, and the oldest of them.
select count(*) as breaks, min(opened_at) as oldest_at
from (
    select opened_at
    from reconciliation.breaks
    where closed_at is null and status = 'open' and livemode = $1
    order by opened_at, break_id
    limit $2
) open;

-- name: standing_sums
-- The breaks of a mode that are not closed, by status, class and currency: those first on which a person has to act.
-- A sum beyond the range of bigint is the greatest, or least, value that this holds.
select status, class, currency, count(*) as breaks,
    least(greatest(coalesce(sum(amount_minor), 0), -9223372036854775807), 9223372036854775807)::bigint as amount_minor,
    greatest(floor(extract(epoch from now() - min(opened_at)) / 86400), 0)::int as oldest_days
from reconciliation.breaks
where closed_at is null and livemode = $1
group by status, class, currency
order by status <> 'open', status, class, currency nulls first;
