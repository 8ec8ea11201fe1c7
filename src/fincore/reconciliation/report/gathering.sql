-- name: finished_run
-- The run $1, or the last one where that is null, if it has finished.
select run_no, run_id, cut_off, last_entry_id
from reconciliation.runs
where finished_at is not null and ($1::text is null or run_id = $1)
order by run_no desc
limit 1;

-- name: has_later_run
-- Whether another run followed the run $1.
select exists (select from reconciliation.runs where run_no > $1);

-- name: files
-- The files of which the run $1 took up the lines.
select f.file_id, f.name, f.source, f.livemode, f.psp, f.psp_account, f.sha256, f.size_bytes, f.format, f.parser_version,
    f.period_start, f.period_end, f.sequence, coalesce(f.stated_totals, '{}') as stated, coalesce(f.computed_totals, '{}') as computed
from reconciliation.files f
join reconciliation.matched_files m using (file_id)
where m.run_no = $1
order by f.livemode, f.psp collate "C", f.psp_account collate "C", f.name, f.file_id;

-- name: balances
-- What the accounts of PSPs held after the entry $1, each on its normal side.
select a.livemode, a.owner as psp, split_part(a.name, ':', 3) as psp_account, a.currency, split_part(a.name, ':', 4) as account,
    held.balance_after_minor as amount_minor
from ledgerdb.accounts a
cross join lateral (
    select p.balance_after_minor
    from ledgerdb.postings p
    where p.account_id = a.account_id and p.entry_id <= $1
    order by p.entry_id desc, p.leg desc
    limit 1
) held
where a.name like 'psp:%' and split_part(a.name, ':', 4) in ('clearing', 'unmatched', 'balance', 'in_transit') and not a.is_retired;

-- name: uncleared
-- The clearing items up to the entry $2 that the run $1 left without a match, by account, currency and age in whole days at $3. They
-- are those without a match now, and those that later runs matched: $6 tells whether there are later runs, so that the plan for the last
-- run looks up what it left. $4, $5: the ages, from and to.
with open_parts as (
    select entry_id, account_id, part from reconciliation.open_items where entry_id <= $2
    union
    select entry_id, account_id, part from reconciliation.matches where $6::boolean and run_no > $1 and entry_id <= $2
),
aged as (
    select a.livemode, a.owner as psp, split_part(a.name, ':', 3) as psp_account, a.currency, o.entry_id, o.account_id,
        case o.part when 'gross' then i.gross_minor else i.fee_minor end as amount_minor,
        greatest(floor(extract(epoch from $3::timestamptz - least(i.effective_at, e.booked_at)) / 86400), 0) as days
    from open_parts o
    join ledgerdb.clearing_items i using (entry_id, account_id)
    join ledgerdb.entries e using (entry_id)
    join ledgerdb.accounts a using (account_id)
)
select livemode, psp, psp_account, currency, g.bucket, count(distinct (d.entry_id, d.account_id)) as items,
    sum(d.amount_minor) as amount_minor
from aged d
join unnest($4::int[], $5::int[]) with ordinality as g (from_days, to_days, bucket)
    on d.days >= g.from_days and (g.to_days is null or d.days <= g.to_days)
group by 1, 2, 3, 4, 5;

-- name: open_lines
-- The lines that the run $1 left without a match, by account and currency. $2: whether there are later runs.
with open_parts as (
    select line_no, part from reconciliation.open_lines
    union
    select line_no, part from reconciliation.matches where $2::boolean and run_no > $1 and line_no is not null
)
select f.livemode, f.psp, f.psp_account, l.currency, count(distinct l.line_no) as lines,
    sum(case o.part when 'gross' then l.gross_minor else l.fee_minor end) as amount_minor
from open_parts o
join reconciliation.lines l using (line_no)
join reconciliation.files f using (file_id)
join reconciliation.matched_files m on m.file_id = f.file_id and m.run_no <= $1
group by 1, 2, 3, 4;

-- name: matched
-- What the run $1 matched, by account, currency and kind of line.
select f.livemode, f.psp, f.psp_account, t.currency, t.kind, sum(t.lines)::bigint as lines, sum(t.gross_minor) as gross_minor,
    sum(t.fee_minor) as fee_minor
from reconciliation.matched_of_lines t
join reconciliation.files f using (file_id)
where t.run_no = $1
group by 1, 2, 3, 4, 5
order by t.kind;

-- name: cleared
-- What the run $1 took out of clearing, by account and currency: what it matched, of lines that settle payments of another currency in
-- that one.
select f.livemode, f.psp, f.psp_account, t.currency, sum(t.amount_minor) as amount_minor
from reconciliation.matched_of_clearing t
join reconciliation.files f using (file_id)
where t.run_no = $1
group by 1, 2, 3, 4;

-- name: openings
-- What PSPs held before the first files, of the files that the run $1 and those before it took up.
select f.livemode, f.psp, f.psp_account, o.currency, sum(o.balance_minor) as amount_minor
from reconciliation.openings o
join reconciliation.files f using (file_id)
join reconciliation.matched_files m on m.file_id = f.file_id and m.run_no <= $1
group by 1, 2, 3, 4;

-- name: explained_openings
-- What of that people explained, by the entries up to $1.
select a.livemode, a.psp, a.psp_account, a.currency, -sum(d.sign * a.gross_minor) as amount_minor
from reconciliation.adjustments a
cross join lateral (
    select a.event_id, 1 as sign
    union all
    select r.event_id, -1 from reconciliation.adjustment_reversals r where r.adjustment_id = a.adjustment_id
) d
join ledgerdb.entries e on e.event_id = d.event_id
where a.adjusts = 'opening' and e.entry_id <= $1
group by 1, 2, 3, 4;

-- name: adjusted
-- What people decided, of the entries after those of the run before $1 up to $2, by account, currency and kind. A reversal counts as what it
-- books.
select a.livemode, a.psp, a.psp_account, a.currency, d.kind, count(*) as adjustments, sum(d.sign * a.gross_minor) as gross_minor,
    sum(d.sign * a.fee_minor) as fee_minor
from reconciliation.adjustments a
cross join lateral (
    select a.event_id, 1 as sign, case a.adjusts when 'opening' then 'opening' else a.kind end as kind
    union all
    select r.event_id, -1, 'reversal' from reconciliation.adjustment_reversals r where r.adjustment_id = a.adjustment_id
) d
join ledgerdb.entries e on e.event_id = d.event_id
where e.entry_id <= $2
  and e.entry_id > coalesce((select last_entry_id from reconciliation.runs where run_no < $1 order by run_no desc limit 1), 0)
group by 1, 2, 3, 4, 5
order by d.kind;

-- name: adjusting_postings
-- What the ledger booked on the accounts of adjustments meanwhile, credits positive.
select a.livemode, a.owner as psp, split_part(a.name, ':', 4) as psp_account, a.currency,
    sum(case p.side when 'credit' then p.amount_minor else -p.amount_minor end) as amount_minor
from ledgerdb.accounts a
join ledgerdb.postings p using (account_id)
join ledgerdb.entries e using (entry_id)
where (a.name like 'expense:adjustments:%' or a.name like 'expense:write_offs:%' or a.name like 'equity:opening:%')
  and e.kind in ('adjustment.booked', 'adjustment.reversed') and p.entry_id <= $2
  and p.entry_id > coalesce((select last_entry_id from reconciliation.runs where run_no < $1 order by run_no desc limit 1), 0)
group by 1, 2, 3, 4;

-- name: stated_balances
-- The balance at the end of the last statement that tells one, of the files that the run $1 and those before it took up.
select distinct on (f.livemode, f.psp, f.psp_account, t.currency) f.livemode, f.psp, f.psp_account, t.currency, f.name as file_name,
    (t.stated ->> 'ending_minor')::bigint as amount_minor
from reconciliation.files f
join reconciliation.matched_files m on m.file_id = f.file_id and m.run_no <= $1
cross join lateral jsonb_each(f.stated_totals) as t (currency, stated)
where t.stated ->> 'ending_minor' is not null
order by f.livemode, f.psp, f.psp_account, t.currency, f.period_end desc, f.sequence desc nulls last, f.file_id;

-- name: break_sums
-- The breaks that were not closed after the run $1, by status, account, currency and class: those first on which a person has to act.
select b.livemode, b.psp, b.psp_account, t.status, s.currency, s.class, count(*) as breaks, sum(s.amount_minor) as amount_minor,
    min(b.opened_at) as oldest_at
from reconciliation.breaks b
cross join lateral (
    select s.class, s.currency, s.amount_minor
    from reconciliation.break_states s
    where s.break_id = b.break_id and s.run_no <= $1
    order by s.run_no desc
    limit 1
) s
cross join lateral reconciliation.break_as_of(b.break_id, $1) t
where b.opened_by <= $1 and (b.closed_by is null or b.closed_by > $1) and t.status in ('open', 'explained', 'claimed')
group by 1, 2, 3, 4, 5, 6
order by t.status <> 'open', b.livemode, b.psp collate "C", b.psp_account collate "C", t.status, s.class, s.currency nulls first;

-- name: breaks
-- The same breaks one by one, the oldest first: $2 at most.
select b.break_id, b.livemode, b.psp, b.psp_account, s.currency, s.class, s.amount_minor, b.opened_at, b.reference, b.stream_id,
    l.number, f.name as file_name, t.status, t.owner, t.reason
from reconciliation.breaks b
cross join lateral (
    select s.class, s.currency, s.amount_minor
    from reconciliation.break_states s
    where s.break_id = b.break_id and s.run_no <= $1
    order by s.run_no desc
    limit 1
) s
cross join lateral reconciliation.break_as_of(b.break_id, $1) t
left join reconciliation.lines l on l.line_no = b.line_no
left join reconciliation.files f on f.file_id = coalesce(b.file_id, l.file_id)
where b.opened_by <= $1 and (b.closed_by is null or b.closed_by > $1) and t.status in ('open', 'explained', 'claimed')
order by b.opened_at, b.break_id
limit $2;
