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
