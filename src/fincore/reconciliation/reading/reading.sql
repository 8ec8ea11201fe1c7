-- name: readable_files
-- The files that may be read now, in the order of their names, in which PSPs number them: those that wait, and those that another version
-- of their parser refused, or no parser knew. $1 the formats, $2 the versions of their parsers now. A refused file stays refused where
-- another came in its place, where an opening balance that was taken later holds its movements, and where what the PSP says of it refused
-- it.
select f.file_id
from reconciliation.files f
left join unnest($1::text[], $2::text[]) as p (format, parser_version) using (format)
where f.file_id in (select file_id from reconciliation.files_to_read)
    or f.status = 'refused' and p.parser_version is distinct from f.parser_version and p.parser_version is not null
        and (f.parser_version is not null or f.request is null)
        and not exists (
            select
            from reconciliation.files r
            where r.replaces is not null and reconciliation.replaced_file(r.file_id) = f.file_id and r.status <> 'dismissed'
        )
        and not exists (
            select
            from reconciliation.openings b
            join reconciliation.files o using (file_id)
            where (o.livemode, o.psp, o.psp_account) = (f.livemode, f.psp, f.psp_account) and o.fetched_at > f.fetched_at
                and b.kind = 'opening'
        )
order by f.livemode, f.psp, f.psp_account, f.name collate "C", f.fetched_at;

-- name: lock_file
-- A file for one reader, with what it must be about; none where another has read it, or a person decided otherwise.
select f.file_id, f.psp, f.psp_account, f.livemode, f.source, f.name, f.sha256, f.size_bytes, f.fetched_at, f.location, f.format,
    f.payout_reference, coalesce(f.expected_account_id, s.account_id) as account_id
from reconciliation.files f
join reconciliation.sources s using (source)
where f.file_id = $1 and (f.status = 'refused' or f.file_id in (select file_id from reconciliation.files_to_read))
for update of f;

-- name: mark_read
-- A file was read to its end, and what it says of itself.
update reconciliation.files
set status = 'read', parser_version = $2, period_start = $3, period_end = $4, sequence = $5, stated_totals = $6::jsonb,
    computed_totals = $7::jsonb, states_period = $8, continued = $9, account_id = $10,
    refusal_line = null, refusal = null
where file_id = $1;

-- name: mark_refused
-- A file cannot be read; none of its lines is kept.
update reconciliation.files
set status = 'refused', parser_version = $2, refusal_line = $3, refusal = $4
where file_id = $1 and status in ('kept', 'refused');

-- name: account_before
-- What the file of the account that was read last says that the account is.
select o.account_id
from reconciliation.files f
join reconciliation.files o using (livemode, psp, psp_account)
where f.file_id = $1 and o.file_id <> f.file_id and o.status in ('read', 'booked') and o.account_id is not null
order by o.fetched_at desc, o.name desc
limit 1;

-- name: add_moved
-- What the files of the account of the file $1 move, with what its own lines move: $3 in the currencies $2.
insert into reconciliation.moved_of_accounts as m (livemode, psp, psp_account, currency, moved_minor)
select f.livemode, f.psp, f.psp_account, w.currency, w.moved_minor
from reconciliation.files f
cross join unnest($2::text[], $3::numeric[]) as w (currency, moved_minor)
where f.file_id = $1
order by w.currency
on conflict (livemode, psp, psp_account, currency) do update set moved_minor = m.moved_minor + excluded.moved_minor
returning currency, moved_minor;

-- name: keep_openings
-- What the PSP held, by currency, before the file of the account that was the first to tell: its balance at the beginning. What a file
-- of before that one moves is in that balance already, and is taken out of it. Where the log has the file ($2), what it has counts: the
-- balances $4 in the currencies $3. A currency has a row for each of these files, so that what is before is known.
insert into reconciliation.openings (file_id, currency, balance_minor)
select f.file_id, t.currency,
    case
        when $2::boolean then coalesce(k.balance_minor, 0)
        when told.is_first then (t.stated ->> 'beginning_minor')::bigint
        else -(
            select coalesce(sum(l.gross_minor + l.fee_minor), 0)::bigint
            from reconciliation.lines l
            where l.file_id = f.file_id and l.currency = t.currency
        )
    end
from reconciliation.files f
cross join lateral jsonb_each(f.stated_totals) as t (currency, stated)
left join unnest($3::text[], $4::bigint[]) as k (currency, balance_minor) using (currency)
cross join lateral (
    select count(*) = 0 as is_first,
        bool_or((f.period_start, coalesce(f.sequence, 1)) < (e.period_start, coalesce(e.sequence, 1))) as is_before
    from reconciliation.openings o
    join reconciliation.files e using (file_id)
    where o.currency = t.currency and o.kind = 'opening' and (e.livemode, e.psp, e.psp_account) = (f.livemode, f.psp, f.psp_account)
) told
where f.file_id = $1 and t.stated ->> 'beginning_minor' is not null
  and (told.is_first or told.is_before or k.balance_minor is not null);

-- name: read_files
-- The files that were read and that no run has taken up, in the order in which they were read. The log may lack events of one that is
-- booked: it was set back.
select f.file_id
from reconciliation.files f
where f.status = 'read'
   or f.status = 'booked' and not exists (select from reconciliation.matched_files m where m.file_id = f.file_id)
order by (select min(line_no) from reconciliation.lines l where l.file_id = f.file_id) nulls last, f.fetched_at;

-- name: read_file
-- A file that was read, as its event tells it.
select file_id, psp, psp_account, livemode, source, name, sha256, size_bytes, format, parser_version, period_start, period_end,
    sequence
from reconciliation.files
where file_id = $1;

-- name: sums_of_lines
-- What its lines come to, by kind and currency, and from when to when they are.
select kind, currency, count(*) as lines, sum(gross_minor) as gross_minor, sum(fee_minor) as fee_minor, min(occurred_at) as first_at,
    max(occurred_at) as last_at
from reconciliation.lines
where file_id = $1
group by kind, currency
order by kind, currency;

-- name: openings_of_file
-- What its event says that the PSP held before it.
select kind, currency, balance_minor from reconciliation.openings where file_id = $1 and balance_minor <> 0 order by kind, currency;

-- name: payout_lines
-- Its lines about payouts.
select kind, psp_reference, about, parent_reference, currency, gross_minor, occurred_at
from reconciliation.lines
where file_id = $1 and kind in ('payout', 'payout_returned')
order by line_no;

-- name: payouts_told_first
-- Payouts with a return, in any file of the account, of which this file is the first that has the payout itself, or lines that it carries.
select b.payout
from (
    select distinct l.payout
    from reconciliation.files own
    join reconciliation.files f using (livemode, psp, psp_account)
    join reconciliation.lines_of_payouts l on l.file_id = f.file_id and l.kind = 'payout_returned'
    where own.file_id = $1
) b
cross join lateral (
    select coalesce(bool_or(t.file_id = $1), false) as is_told_here, coalesce(bool_or(t.file_id <> $1), false) as is_told_before
    from (
        select file_id from reconciliation.lines_of_payouts where payout = b.payout and kind = 'payout'
        union all
        select file_id from reconciliation.lines where payout_reference = b.payout and kind not in ('payout', 'payout_returned')
    ) t
    join reconciliation.files f using (file_id)
    join reconciliation.files own on own.file_id = $1 and (own.livemode, own.psp, own.psp_account) = (f.livemode, f.psp, f.psp_account)
    where t.file_id = $1 or f.status = 'booked'
) told
where told.is_told_here and not told.is_told_before
order by b.payout;

-- name: keep_opening_returns
-- What came back in a file of payouts of before all files: the amounts $3 in the currencies $2. What is kept already counts.
insert into reconciliation.openings (file_id, currency, kind, balance_minor)
select $1, currency, 'opening_return', balance_minor
from unnest($2::text[], $3::bigint[]) as r (currency, balance_minor)
on conflict (file_id, currency, kind) do nothing;

-- name: mark_booked
-- All that a file states is in the log.
update reconciliation.files set status = 'booked' where file_id = $1 and status = 'read';
