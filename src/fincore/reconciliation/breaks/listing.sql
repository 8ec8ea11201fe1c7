-- name: list_breaks
-- Breaks, those opened last first: $1 the mode, $2 one class or null for all, $3 whether closed ones too, $4 at most so many.
select b.break_id, b.class, b.psp, b.psp_account, b.currency, b.amount_minor, b.opened_at, b.status, b.closed_at, b.stream_id,
    b.reference, b.entry_id, l.number, l.psp_type, l.occurred_at, f.file_id, f.name as file_name
from reconciliation.breaks b
left join reconciliation.lines l on l.line_no = b.line_no
left join reconciliation.files f on f.file_id = coalesce(b.file_id, l.file_id)
where b.livemode = $1 and ($2::text is null or b.class = $2) and ($3::boolean or b.closed_at is null)
order by b.opened_at desc, b.break_id desc
limit $4;

-- name: sums_by_class
-- The open breaks of a mode, by class and currency.
select class, currency, count(*) as breaks, coalesce(sum(amount_minor), 0)::bigint as amount_minor, min(opened_at) as oldest_at
from reconciliation.breaks
where status = 'open' and livemode = $1
group by class, currency
order by class, currency;
