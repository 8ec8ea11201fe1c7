-- name: runs
-- The runs after $1 up to $2 that have finished, with the hashes of their reports.
select r.run_no, r.run_id, r.cut_off, r.last_entry_id, p.sha256
from reconciliation.runs r
left join reconciliation.reports p using (run_no)
where r.run_no > $1 and r.run_no <= $2 and r.finished_at is not null
order by r.run_no;

-- name: booked
-- What the ledger booked on the accounts that runs look at, after the entry $1 up to $2, each on its normal side; without what runs matched.
select a.livemode, a.owner as psp, split_part(a.name, ':', 3) as psp_account, a.currency, split_part(a.name, ':', 4) as account,
    sum(case when p.side = a.normal_side then p.amount_minor else -p.amount_minor end) as amount_minor
from ledgerdb.entries e
join ledgerdb.postings p using (entry_id)
join ledgerdb.accounts a using (account_id)
where e.entry_id > $1 and e.entry_id <= $2 and e.kind not in ('settlement_file.matched', 'settlement_file.converted')
  and a.name like 'psp:%' and split_part(a.name, ':', 4) in ('clearing', 'unmatched') and not a.is_retired
group by 1, 2, 3, 4, 5;

-- name: matched
-- What the runs after $1 up to $2 matched, by account, currency and kind of line.
select f.livemode, f.psp, f.psp_account, t.currency, t.kind, sum(t.lines)::bigint as lines, sum(t.gross_minor) as gross_minor,
    sum(t.fee_minor) as fee_minor
from reconciliation.matched_of_lines t
join reconciliation.files f using (file_id)
where t.run_no > $1 and t.run_no <= $2
group by 1, 2, 3, 4, 5
order by t.kind;

-- name: cleared
-- What the runs after $1 up to $2 took out of clearing, by account and currency: of lines that settle payments of another currency in that
-- one.
select f.livemode, f.psp, f.psp_account, t.currency, sum(t.amount_minor) as amount_minor
from reconciliation.matched_of_clearing t
join reconciliation.files f using (file_id)
where t.run_no > $1 and t.run_no <= $2
group by 1, 2, 3, 4;

-- name: files
-- The files of which the runs after $1 up to $2 took up the lines.
select f.file_id, f.name, f.source, f.livemode, f.psp, f.psp_account, f.sha256, f.size_bytes, f.format, f.parser_version,
    f.period_start, f.period_end, f.sequence, coalesce(f.stated_totals, '{}') as stated, coalesce(f.computed_totals, '{}') as computed
from reconciliation.files f
join reconciliation.matched_files m using (file_id)
where m.run_no > $1 and m.run_no <= $2
order by f.livemode, f.psp collate "C", f.psp_account collate "C", f.name, f.file_id;

-- name: changed_break_sums
-- The breaks that opened ($3 is `opened`), or that people reopened, and those that closed (`closed`), after the run $1 up to $2, by account,
-- currency and class.
with changed as (
    select b.break_id, b.livemode, b.psp, b.psp_account, b.opened_by > $1 as is_of_day,
        reconciliation.stands_after(b.break_id, $1) as is_before, reconciliation.stands_after(b.break_id, $2) as is_after
    from reconciliation.breaks b
    where b.opened_by <= $2 and (b.closed_by is null or b.closed_by > $1)
)
select c.livemode, c.psp, c.psp_account, s.currency, s.class, count(*) as breaks, sum(s.amount_minor) as amount_minor
from changed c
cross join lateral (
    select s.class, s.currency, s.amount_minor
    from reconciliation.break_states s
    where s.break_id = c.break_id and s.run_no <= $2
    order by s.run_no desc
    limit 1
) s
where case $3::text when 'opened' then not c.is_before and (c.is_after or c.is_of_day) else (c.is_before or c.is_of_day) and not c.is_after end
group by 1, 2, 3, 4, 5
order by c.livemode, c.psp collate "C", c.psp_account collate "C", s.class, s.currency nulls first;

-- name: changed_breaks
-- The same breaks one by one, the oldest first: $4 at most.
with changed as (
    select b.break_id, b.opened_by > $1 as is_of_day,
        reconciliation.stands_after(b.break_id, $1) as is_before, reconciliation.stands_after(b.break_id, $2) as is_after
    from reconciliation.breaks b
    where b.opened_by <= $2 and (b.closed_by is null or b.closed_by > $1)
)
select b.break_id, b.livemode, b.psp, b.psp_account, s.currency, s.class, s.amount_minor, b.opened_at, b.reference, b.stream_id,
    l.number, f.name as file_name, t.status, t.owner, t.reason
from changed c
join reconciliation.breaks b using (break_id)
cross join lateral (
    select s.class, s.currency, s.amount_minor
    from reconciliation.break_states s
    where s.break_id = c.break_id and s.run_no <= $2
    order by s.run_no desc
    limit 1
) s
cross join lateral reconciliation.break_as_of(b.break_id, $2) t
left join reconciliation.lines l on l.line_no = b.line_no
left join reconciliation.files f on f.file_id = coalesce(b.file_id, l.file_id)
where case $3::text when 'opened' then not c.is_before and (c.is_after or c.is_of_day) else (c.is_before or c.is_of_day) and not c.is_after end
order by b.opened_at, b.break_id
limit $4;
