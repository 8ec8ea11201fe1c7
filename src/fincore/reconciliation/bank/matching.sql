-- name: stage_entries
-- What payouts brought to banks that have statements, by the ledger, and no line has told of. $1 is the run.
create temporary table bank_entries on commit drop as
select b.livemode, b.bank, a.currency, e.entry_id, a.account_id, e.stream_id,
    reconciliation.counts_from(e.effective_at, e.booked_at, e.livemode) as counts_from,
    sum(case p.side when 'debit' then p.amount_minor else -p.amount_minor end)::bigint as amount_minor
from reconciliation.banks b
join ledgerdb.accounts a on a.livemode = b.livemode and a.name = concat_ws(':', 'bank', b.bank, a.currency)
join ledgerdb.postings p using (account_id)
join ledgerdb.entries e using (entry_id)
join reconciliation.runs r on r.run_no = $1 and e.entry_id <= r.last_entry_id
where e.kind like 'payout.%'
  and exists (select from reconciliation.bank_statements s where s.livemode = b.livemode and s.bank = b.bank)
  and not exists (
      select from reconciliation.bank_matches m where m.entry_id = e.entry_id and m.account_id = a.account_id
  )
group by b.livemode, b.bank, a.currency, e.entry_id, a.account_id, e.stream_id, e.effective_at, e.booked_at, e.livemode;

-- name: stage_lines
-- Lines that name a payout and have no entry.
create temporary table open_bank_lines on commit drop as
select l.bank_line_no, l.livemode, l.bank, l.currency, l.amount_minor, o.stream_id, o.psp, o.psp_account, o.psp_reference
from reconciliation.bank_line_payouts o
join reconciliation.bank_lines l using (bank_line_no)
where not exists (select from reconciliation.bank_matches m where m.bank_line_no = o.bank_line_no);

-- name: match_equal
-- Lines and entries of one payout at one bank that are equal, one by one. $1 is the run.
insert into reconciliation.bank_matches (bank_line_no, entry_id, account_id, run_no)
select l.bank_line_no, e.entry_id, e.account_id, $1
from (
    select *, row_number() over (
        partition by livemode, bank, currency, stream_id, amount_minor order by bank_line_no
    ) as place
    from open_bank_lines
) l
join (
    select *, row_number() over (
        partition by livemode, bank, currency, stream_id, amount_minor order by entry_id
    ) as place
    from bank_entries
) e using (livemode, bank, currency, stream_id, amount_minor, place);

-- name: drop_matched_lines
-- What is left of the lines.
delete from open_bank_lines l
using reconciliation.bank_matches m
where m.run_no = $1 and m.bank_line_no = l.bank_line_no;

-- name: drop_matched_entries
-- What is left of the entries.
delete from bank_entries e
using reconciliation.bank_matches m
where m.run_no = $1 and m.entry_id = e.entry_id and m.account_id = e.account_id;

-- name: stage_in_transit
-- What is on its way of each payout that has not arrived, by the ledger. $1 is the run.
create temporary table bank_in_transit on commit drop as
select a.livemode, split_part(a.name, ':', 2) as psp, split_part(a.name, ':', 3) as psp_account, a.currency, e.stream_id,
    min(reconciliation.counts_from(e.effective_at, e.booked_at, e.livemode)) as counts_from, min(e.entry_id) as entry_id,
    sum(case p.side when 'debit' then p.amount_minor else -p.amount_minor end)::bigint as amount_minor
from ledgerdb.accounts a
join ledgerdb.postings p using (account_id)
join ledgerdb.entries e using (entry_id)
join reconciliation.runs r on r.run_no = $1 and e.entry_id <= r.last_entry_id
where a.name like 'psp:%:in\_transit:%'
group by a.livemode, a.name, a.currency, e.stream_id
having sum(case p.side when 'debit' then p.amount_minor else -p.amount_minor end) <> 0;

-- name: stage_bank_breaks
-- Payouts of which banks and the ledger say different things. $1 is the run.
create temporary table bank_breaks on commit drop as
with of_lines as (
    select livemode, bank, currency, stream_id, min(psp) as psp, min(psp_account) as psp_account, min(psp_reference) as reference,
        sum(amount_minor) as amount_minor
    from open_bank_lines
    group by livemode, bank, currency, stream_id
),
of_entries as (
    select livemode, bank, currency, stream_id, min(entry_id) as entry_id, min(counts_from) as counts_from,
        sum(amount_minor) as amount_minor
    from bank_entries
    group by livemode, bank, currency, stream_id
),
covered as (
    select b.livemode, b.bank, b.missing_after, min(s.period_start) as covered_from
    from reconciliation.banks b
    join reconciliation.bank_statements s using (livemode, bank)
    group by b.livemode, b.bank, b.missing_after
),
covered_modes as (
    select livemode, max(missing_after) as missing_after, min(covered_from) as covered_from from covered group by livemode
)
select 'bank_amount' as class, l.livemode, l.psp, l.psp_account, l.currency,
    l.amount_minor - coalesce(e.amount_minor, 0) - coalesce(t.amount_minor, 0) as amount_minor,
    concat_ws(':', 'bank', l.stream_id, l.bank, l.currency) as subject, l.stream_id, l.reference
from of_lines l
left join of_entries e using (livemode, bank, currency, stream_id)
left join bank_in_transit t using (livemode, currency, stream_id)
where l.amount_minor <> coalesce(e.amount_minor, 0) + coalesce(t.amount_minor, 0) or e.stream_id is not null
union all
select 'bank_missing', e.livemode, split_part(a.name, ':', 2), split_part(a.name, ':', 3), e.currency, -e.amount_minor,
    concat_ws(':', 'bank', e.stream_id, e.bank, e.currency), e.stream_id, split_part(n.description, ' ', 2)
from of_entries e
join covered c using (livemode, bank)
join reconciliation.runs r on r.run_no = $1
join ledgerdb.entries n on n.entry_id = e.entry_id
cross join lateral (
    select a.name
    from ledgerdb.postings p
    join ledgerdb.accounts a using (account_id)
    where p.entry_id = e.entry_id and a.name like 'psp:%'
    limit 1
) a
where e.amount_minor <> 0 and e.counts_from >= c.covered_from and e.counts_from + c.missing_after < r.cut_off
  and not exists (
      select from of_lines l
      where (l.livemode, l.bank, l.currency, l.stream_id) = (e.livemode, e.bank, e.currency, e.stream_id)
  )
union all
select 'bank_missing', t.livemode, t.psp, t.psp_account, t.currency, -t.amount_minor,
    concat_ws(':', 'bank', t.stream_id, 'in_transit', t.currency), t.stream_id, split_part(n.description, ' ', 2)
from bank_in_transit t
join covered_modes c using (livemode)
join reconciliation.runs r on r.run_no = $1
join ledgerdb.entries n on n.entry_id = t.entry_id
where t.counts_from >= c.covered_from and t.counts_from + c.missing_after < r.cut_off
  and not exists (select from of_lines l where l.stream_id = t.stream_id);

-- name: in_transit_uncovered
-- Payouts in transit that no statement of a bank can tell of, made before $2: there is none in their mode, or they are of before the
-- first. $1 is the run.
select t.livemode, t.psp, t.psp_account, t.currency, t.stream_id, t.amount_minor, t.counts_from, r.cut_off
from bank_in_transit t
join reconciliation.runs r on r.run_no = $1
where t.counts_from < r.cut_off - $2::interval
  and not exists (
      select from reconciliation.bank_statements s where s.livemode = t.livemode and s.period_start <= t.counts_from
  )
order by t.livemode, t.psp, t.psp_account, t.currency, t.counts_from, t.stream_id;

-- name: add_overdue
-- Those of them that are overdue: modes $1, PSPs $2, accounts $3, currencies $4, amounts $5, subjects $6, streams $7, references $8.
insert into bank_breaks (class, livemode, psp, psp_account, currency, amount_minor, subject, stream_id, reference)
select 'payout_overdue', o.*
from unnest($1::boolean[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::uuid[], $8::text[]) as o;

-- name: add_scopes
-- Accounts of payouts that have no files.
insert into scopes (scope_no, livemode, psp, psp_account)
select (select coalesce(max(scope_no), 0) from scopes) + row_number() over (order by n.livemode, n.psp, n.psp_account), n.*
from (select distinct livemode, psp, psp_account from bank_breaks) n
where not exists (
    select from scopes s where (s.livemode, s.psp, s.psp_account) = (n.livemode, n.psp, n.psp_account)
);

-- name: find_bank_breaks
-- Them among the breaks of the run.
insert into found_breaks (class, scope_no, currency, amount_minor, subjects, stream_id, reference)
select b.class, s.scope_no, b.currency, least(greatest(b.amount_minor, -9223372036854775807), 9223372036854775807)::bigint,
    array[b.subject], null, b.reference
from bank_breaks b
join scopes s using (livemode, psp, psp_account)
order by b.subject;
