-- name: list_breaks
-- Breaks, those opened last first: $1 the mode; where they are not null, $2 the class, $3 the status, $4 the owner (empty: without one),
-- $5 and $6 the account at the PSP; $7 at least so many days old; $8 whether closed ones too; $9 at most so many.
select b.break_id, b.class, b.psp, b.psp_account, b.currency, b.amount_minor, b.opened_at, b.status, b.closed_at, b.owner, b.stream_id,
    b.reference, l.number, f.name as file_name,
    greatest(floor(extract(epoch from coalesce(b.closed_at, now()) - b.opened_at) / 86400), 0)::int as days
from reconciliation.breaks b
left join reconciliation.lines l on l.line_no = b.line_no
left join reconciliation.files f on f.file_id = coalesce(b.file_id, l.file_id)
where b.livemode = $1 and ($2::text is null or b.class = $2) and ($3::text is null or b.status = $3)
  and ($4::text is null or coalesce(b.owner, '') = $4) and ($5::text is null or b.psp = $5) and ($6::text is null or b.psp_account = $6)
  and b.opened_at <= now() - make_interval(days => $7) and ($8::boolean or $3::text is not null or b.closed_at is null)
order by b.opened_at desc, b.break_id desc
limit $9;

-- name: standing_sums
-- The breaks of a mode that are not closed, by status, class and currency: those first on which a person has to act.
select status, class, currency, count(*) as breaks, coalesce(sum(amount_minor), 0)::bigint as amount_minor,
    greatest(floor(extract(epoch from now() - min(opened_at)) / 86400), 0)::int as oldest_days
from reconciliation.breaks
where closed_at is null and livemode = $1
group by status, class, currency
order by status <> 'open', status, class, currency nulls first;
