-- name: find_refused_files
-- Files that cannot be read. One in the place of which another was read is no longer waited for.
insert into found_breaks (class, scope_no, subjects, file_id, reference)
select 'file_refused', s.scope_no, array['file:' || f.file_id], f.file_id, f.name
from reconciliation.files f
join scopes s using (livemode, psp, psp_account)
where f.status = 'refused' and not exists (
    select
    from reconciliation.files r
    where r.replaces is not null and reconciliation.replaced_file(r.file_id) = f.file_id and r.status in ('read', 'booked')
)
order by f.fetched_at;

-- name: find_replaced_files
-- Files that came under the name of one that counts, and of which no person has decided.
insert into found_breaks (class, scope_no, subjects, file_id, reference)
select 'file_replaced', s.scope_no, array['file:' || f.file_id], f.file_id, f.name
from reconciliation.files f
join scopes s using (livemode, psp, psp_account)
where f.status = 'kept' and f.replaces is not null and f.file_id not in (select file_id from reconciliation.files_to_read)
order by f.fetched_at;

-- name: stage_last_arrivals
-- The last new file of each source that the run $1 knows, 0 where there is none, and since when the next one is waited for. Of booked files
-- it knows those that it or an earlier run took up, of others those that had come by its cut-off.
create temporary table last_arrivals on commit drop as
select s.source, coalesce(a.arrival_no, 0) as arrival_no, greatest(s.declared_at, a.arrived_at) as waited_for_since
from reconciliation.sources s
join reconciliation.runs r on r.run_no = $1
left join lateral (
    select a.arrival_no, a.arrived_at
    from reconciliation.arrivals a
    join reconciliation.files f using (file_id)
    left join reconciliation.matched_files m using (file_id)
    where a.source = s.source and a.finding <> 'doubled'
      and (m.file_id is not null or f.status <> 'booked' and a.arrived_at <= r.cut_off)
    order by a.arrived_at desc, a.arrival_no desc
    limit 1
) a on true;

-- name: find_late_files
-- Declared sources of which a file is due at the cut-off of the run $1: one break for each, since the last file that came.
insert into found_breaks (class, scope_no, subjects, reference)
select 'file_late', c.scope_no, array[concat_ws(':', 'source', s.source, l.arrival_no)], s.source
from reconciliation.sources s
join last_arrivals l using (source)
join scopes c using (livemode, psp, psp_account)
join reconciliation.runs r on r.run_no = $1
where (s.withdrawn_at is null or s.withdrawn_at > r.cut_off) and l.waited_for_since + s.late_after <= r.cut_off
order by s.source;

-- name: find_missing_periods
-- The time between two periods of the booked files of an account, where it is more than a second. A file that comes may cover a part of
-- it: what is left goes on as the break of the whole.
insert into found_breaks (class, scope_no, subjects, reference)
with periods as (
    select s.scope_no, concat_ws(':', 'gap', case when s.livemode then 'live' else 'test' end, s.psp, s.psp_account, f.format) as account,
        f.period_start,
        max(f.period_end) over (
            partition by s.scope_no, f.format order by f.period_start range between unbounded preceding and interval '1 microsecond' preceding
        ) as end_before
    from reconciliation.matched_files m
    join reconciliation.files f using (file_id)
    join scopes s using (livemode, psp, psp_account)
    where f.states_period
),
gaps as (
    select distinct scope_no, account || ':period:' as account, end_before at time zone 'utc' as gap_start,
        period_start at time zone 'utc' as gap_end
    from periods
    where period_start > end_before + interval '1 second'
),
named as (
    select *, to_char(gap_start, 'YYYYMMDD"T"HH24MISS') as first_moment, to_char(gap_end, 'YYYYMMDD"T"HH24MISS') as last_moment from gaps
),
of_before as materialized (
    select subject from reconciliation.breaks where subject like 'gap:%' and closed_by is null
)
select 'file_gap', n.scope_no,
    array[concat_ws(':', n.account || n.first_moment, n.last_moment)] || coalesce((
        select array_agg(b.subject)
        from of_before b
        where starts_with(b.subject, n.account) and split_part(b.subject, ':', -2) <= n.first_moment
          and split_part(b.subject, ':', -1) >= n.last_moment
    ), '{}'),
    concat_ws('/', to_char(n.gap_start, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), to_char(n.gap_end, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
from named n
order by n.scope_no, n.account, n.gap_start;

-- name: find_missing_numbers
-- Numbers of the periods of the booked files of an account that did not come, where a later one did or the last file says that it goes on.
-- Each is a break; $1 of a period at most, and as many more as files of it came.
insert into found_breaks (class, scope_no, subjects, reference)
with periods as (
    select s.scope_no, concat_ws(':', 'gap', case when s.livemode then 'live' else 'test' end, s.psp, s.psp_account, f.format) as account,
        f.period_start at time zone 'utc' as period_start, count(*) as files,
        coalesce(max(f.sequence), 0)::bigint
            + (array_agg(f.continued order by f.sequence desc nulls last, f.fetched_at desc, f.file_id))[1]::int as last_number,
        coalesce(array_agg(f.sequence) filter (where f.sequence is not null), '{}') as numbers
    from reconciliation.matched_files m
    join reconciliation.files f using (file_id)
    join scopes s using (livemode, psp, psp_account)
    where f.states_period
    group by s.scope_no, s.livemode, s.psp, s.psp_account, f.format, f.period_start
)
select 'file_gap', p.scope_no, array[concat_ws(':', p.account, 'number', to_char(p.period_start, 'YYYYMMDD"T"HH24MISS'), n.number)],
    format('%s #%s', to_char(p.period_start, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), n.number)
from periods p
cross join lateral generate_series(1, least(p.last_number, p.files + $1::int)) as n (number)
where n.number <> all (p.numbers)
order by p.scope_no, p.account, p.period_start, n.number;

-- name: find_incomplete_conversions
-- Conversions of the files of this run, and those that were incomplete before, that are not one line that takes of one currency and one
-- that gives of another; and those that do not take, or give, what the payment or refund that they name moved, in its currency, its fee
-- included. A line that
-- repeats an earlier one does not count: it is a break of its own. Nor does a payment that the ledger has otherwise, or twice. Where the
-- two lines name each other, each has the other's own id as its conversion, and both conversions are one and the same.
insert into found_breaks (class, scope_no, currency, amount_minor, subjects, line_no, file_id, reference)
with wanted as (
    select l.conversion, l.line_no, f.livemode, f.psp, f.psp_account
    from reconciliation.lines l
    join reconciliation.files f using (file_id)
    where l.kind = 'conversion' and (
        l.file_id in (select file_id from reconciliation.matched_files where run_no = $1)
        or l.line_no in (select line_no from reconciliation.breaks where class = 'incomplete_conversion' and closed_at is null)
    )
),
conversions as (
    select distinct s.scope_no, w.conversion, case when w.conversion is null then w.line_no end as alone
    from wanted w
    join scopes s using (livemode, psp, psp_account)
),
pairs as (
    select distinct on (p.line_no) c.scope_no, p.*
    from conversions c
    cross join lateral (
        select min(t.line_no) as line_no, count(*) as lines, count(distinct t.currency) as currencies,
            (array_agg(t.currency order by t.line_no))[1] as currency, (array_agg(t.file_id order by t.line_no))[1] as file_id,
            (array_agg(t.psp_reference order by t.line_no))[1] as reference, array_agg(t.line_no) as line_nos,
            array_agg(distinct t.parent_reference) as parents,
            bool_or(t.gross_minor < 0) and bool_or(t.gross_minor > 0) as is_paired
        from (
            select distinct on (l.psp_reference, l.currency) l.*
            from reconciliation.lines l
            join reconciliation.files f using (file_id)
            join scopes s using (livemode, psp, psp_account)
            where l.kind = 'conversion' and s.scope_no = c.scope_no
              and (l.conversion = c.conversion or l.psp_reference = c.conversion or l.line_no = c.alone)
            order by l.psp_reference, l.currency, l.line_no
        ) t
    ) p
    order by p.line_no, p.lines desc
)
select 'incomplete_conversion', p.scope_no, p.currency,
    (
        select least(greatest(sum(l.gross_minor), -9223372036854775807), 9223372036854775807)::bigint
        from reconciliation.lines l
        where l.line_no = any (p.line_nos) and l.currency = p.currency
    ),
    array['conversion:' || p.line_no], p.line_no, p.file_id, p.reference
from pairs p
where p.lines <> 2 or p.currencies <> 2 or not p.is_paired
union all
(select distinct on (p.line_no) 'incomplete_conversion', p.scope_no, about.currency, coalesce(side.gross_minor, 0) + about.net_minor,
    array['conversion:' || p.line_no], p.line_no, p.file_id, p.reference
from pairs p
cross join lateral (
    select min(o.line_no) as line_no, min(o.currency) as currency, min(o.gross_minor + o.fee_minor) as net_minor
    from reconciliation.lines o
    join reconciliation.files f using (file_id)
    join scopes s using (livemode, psp, psp_account)
    where o.psp_reference = any (p.parents) and o.kind in ('payment', 'refund') and s.scope_no = p.scope_no
    having count(*) = 1
) about
left join lateral (
    select l.gross_minor from reconciliation.lines l where l.line_no = any (p.line_nos) and l.currency = about.currency
) side on true
where p.lines = 2 and p.currencies = 2 and p.is_paired and coalesce(side.gross_minor, 0) + about.net_minor <> 0
  and not exists (select from found_breaks b where b.line_no = about.line_no and b.class in ('amount', 'fee', 'fee_not_returned', 'currency'))
order by p.line_no);

-- name: find_repeated_lines
-- Lines of the kinds $2, which no item explains, that have the PSP's own id of an earlier line of the same account: each is booked
-- again. Those of the files of the run $1, and those that repeated a line before.
insert into found_breaks (class, scope_no, currency, amount_minor, subjects, line_no, file_id, reference)
with wanted as (
    select l.*
    from reconciliation.matched_files m
    join reconciliation.lines l using (file_id)
    where m.run_no = $1 and l.kind = any ($2::text[])
    union
    select l.*
    from reconciliation.breaks b
    join reconciliation.lines l using (line_no)
    where b.class = 'duplicate' and b.closed_at is null and l.kind = any ($2::text[])
)
select 'duplicate', s.scope_no, w.currency, w.gross_minor + w.fee_minor, array['line:' || w.line_no], w.line_no, w.file_id,
    w.psp_reference
from wanted w
join reconciliation.files f using (file_id)
join scopes s using (livemode, psp, psp_account)
where exists (
    select
    from reconciliation.lines o
    join reconciliation.files e on e.file_id = o.file_id
    where o.psp_reference = w.psp_reference and o.line_no < w.line_no and o.psp_type = w.psp_type and o.kind = w.kind
      and o.currency = w.currency and (e.livemode, e.psp, e.psp_account) = (f.livemode, f.psp, f.psp_account)
)
order by w.line_no;

-- name: find_late_items
-- What is expected longer than its format allows, and no statement covers its time: as one break for each currency what should come in,
-- fees taken off, and as another what should go out, so that neither hides the other. $1 the run, $2 how much longer.
insert into found_breaks (class, scope_no, currency, amount_minor, subjects)
select 'late', p.scope_no, p.currency,
    least(greatest(-sum(p.amount_minor), -9223372036854775807), 9223372036854775807)::bigint,
    array[concat_ws(
        ':', 'late', case when s.livemode then 'live' else 'test' end, s.psp, s.psp_account, p.currency, case when p.goes_out then 'out' end
    )]
from (
    select *, bool_or(part = 'gross' and amount_minor < 0) over (partition by entry_id, account_id) as goes_out from item_parts
) p
join scopes s using (scope_no)
join reconciliation.runs r on r.run_no = $1
where p.counts_from >= p.covered_until and p.counts_from + p.delay + $2::interval < r.cut_off
  and not exists (select from adjusting g where g.entry_id = p.entry_id and g.account_id = p.account_id)
group by p.scope_no, p.currency, p.goes_out, s.livemode, s.psp, s.psp_account
order by p.scope_no, p.currency, p.goes_out;

-- name: find_wrong_balances
-- Where the ledger says, up to the last entry of the run $1, that the PSP holds another amount for us than the last statement that was
-- taken up and tells it.
insert into found_breaks (class, scope_no, currency, amount_minor, subjects, file_id, reference)
with last_told as (
    select distinct on (s.scope_no, t.currency) s.scope_no, s.livemode, s.psp, s.psp_account, t.currency,
        (t.stated ->> 'ending_minor')::bigint as ending_minor, f.file_id, f.name
    from reconciliation.matched_files m
    join reconciliation.files f using (file_id)
    join scopes s using (livemode, psp, psp_account)
    cross join lateral jsonb_each(f.stated_totals) as t (currency, stated)
    where t.stated ->> 'ending_minor' is not null
    order by s.scope_no, t.currency, f.period_end desc, f.sequence desc nulls last, f.file_id
)
select 'balance', t.scope_no, t.currency, t.ending_minor - coalesce(held.balance_after_minor, 0),
    array[concat_ws(':', 'balance', case when t.livemode then 'live' else 'test' end, t.psp, t.psp_account, t.currency)],
    t.file_id, t.name
from last_told t
left join ledgerdb.accounts a
    on a.livemode = t.livemode and a.name = concat_ws(':', 'psp', t.psp, t.psp_account, 'balance', t.currency)
left join lateral (
    select p.balance_after_minor
    from ledgerdb.postings p
    where p.account_id = a.account_id and p.entry_id <= (select last_entry_id from reconciliation.runs where run_no = $1)
    order by p.entry_id desc, p.leg desc
    limit 1
) held on true
where t.ending_minor <> coalesce(held.balance_after_minor, 0)
order by t.scope_no, t.currency;
