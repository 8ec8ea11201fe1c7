-- name: payouts_stated
-- The payouts that the files of this run carry, or a break is about: what the lines of each come to over all files, what came back of
-- an earlier payout included, and what lines say of the payout itself: how much went out, and how much of it came back, over all files, too,
-- without lines that repeat an earlier one, which are breaks of their own. $1 is the run.
with wanted as (
    select file_id from reconciliation.matched_files where run_no = $1
    union
    select file_id from reconciliation.breaks where class in ('payout_total', 'payout_unknown', 'unexplained_remainder') and closed_at is null
),
asked as (
    select distinct f.livemode, f.psp, f.psp_account, l.payout_reference
    from reconciliation.lines l
    join reconciliation.files f using (file_id)
    where l.file_id in (select file_id from wanted) and l.payout_reference is not null
),
carried as (
    select f.livemode, f.psp, f.psp_account, l.payout_reference as payout, l.currency, sum(l.gross_minor + l.fee_minor) as net_minor,
        min(l.line_no) as line_no, min(l.file_id) as file_id
    from asked a
    join reconciliation.lines l using (payout_reference)
    join reconciliation.files f using (file_id, livemode, psp, psp_account)
    -- A payout does not carry its own return.
    where l.kind <> 'payout'
      and not (l.kind = 'payout_returned' and l.payout_reference = coalesce(l.parent_reference, l.about[1], l.psp_reference))
    group by 1, 2, 3, 4, 5
)
select s.scope_no, c.livemode, c.psp, c.psp_account, c.payout, c.currency, c.net_minor, c.line_no, c.file_id, false as is_payout
from carried c
join scopes s using (livemode, psp, psp_account)
union all
select s.scope_no, b.livemode, b.psp, b.psp_account, b.payout, l.currency,
    sum(case b.kind when 'payout' then -l.gross_minor else l.gross_minor end), min(l.line_no), min(l.file_id), true
from (
    select distinct f.livemode, f.psp, f.psp_account, l.payout, l.kind
    from reconciliation.lines_of_payouts l
    join reconciliation.files f using (file_id)
    where l.file_id in (select file_id from wanted)
) b
join reconciliation.lines_of_payouts l on l.payout = b.payout and l.kind = b.kind
join reconciliation.lines own using (line_no)
join reconciliation.files f on f.file_id = l.file_id and (f.livemode, f.psp, f.psp_account) = (b.livemode, b.psp, b.psp_account)
join scopes s on (s.livemode, s.psp, s.psp_account) = (b.livemode, b.psp, b.psp_account)
where f.status = 'booked' and not exists (
    select
    from reconciliation.lines o
    join reconciliation.files e on e.file_id = o.file_id
    where o.psp_reference = own.psp_reference and o.line_no < own.line_no and o.psp_type = own.psp_type and o.kind = own.kind
      and o.currency = own.currency and (e.livemode, e.psp, e.psp_account) = (f.livemode, f.psp, f.psp_account)
)
group by s.scope_no, b.livemode, b.psp, b.psp_account, b.payout, b.kind, l.currency
order by line_no, is_payout;

-- name: find_differing_payouts
-- Payouts of which files say something else than the log: the classes $1, scopes $2, currencies $3, amounts $4, subjects $5, files $6
-- and references $7.
insert into found_breaks (class, scope_no, currency, amount_minor, subjects, file_id, reference)
select b.class, b.scope_no, b.currency, b.amount_minor, array[b.subject], b.file_id, b.reference
from unnest($1::text[], $2::int[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[])
    as b (class, scope_no, currency, amount_minor, subject, file_id, reference);

-- name: stage_payouts_sent
-- Payouts that ever went out, by the ledger up to the last entry of the run $1, when they came back, and which of it files have:
-- `is_told` something of it, `is_told_out` the payout or lines that it carries, `is_told_back` its return.
create temporary table payouts_sent on commit drop as
with sent as (
    select s.scope_no, s.livemode, s.psp, s.psp_account, a.currency, e.stream_id,
        reconciliation.counts_from(e.effective_at, e.booked_at, e.livemode) as counts_from,
        substr(e.description, strpos(e.description, ' ') + 1) as reference,
        case p.side when 'debit' then p.amount_minor else -p.amount_minor end as amount_minor
    from scopes s
    join ledgerdb.accounts a on a.livemode = s.livemode and a.name like 'psp:%:in\_transit:%'
        and (split_part(a.name, ':', 2), split_part(a.name, ':', 3)) = (s.psp, s.psp_account)
    join ledgerdb.postings p using (account_id)
    join ledgerdb.entries e using (entry_id)
    join reconciliation.runs r on r.run_no = $1 and e.entry_id <= r.last_entry_id
    where e.kind = 'payout.created'
)
select t.*, b.back_at, own.is_told or carried.is_told as is_told, own.is_told_out or carried.is_told_out as is_told_out, own.is_told_back
from sent t
cross join lateral (
    select min(reconciliation.counts_from(o.effective_at, o.booked_at, o.livemode)) as back_at
    from ledgerdb.entries o
    join reconciliation.runs r on r.run_no = $1 and o.entry_id <= r.last_entry_id
    where o.stream_id = t.stream_id and o.kind in ('payout.failed', 'payout.canceled')
) b
cross join lateral (
    select count(*) > 0 as is_told, coalesce(bool_or(l.kind = 'payout'), false) as is_told_out,
        coalesce(bool_or(l.kind = 'payout_returned'), false) as is_told_back
    from reconciliation.lines_of_payouts l
    join reconciliation.files f using (file_id)
    where l.payout = t.reference and (f.livemode, f.psp, f.psp_account) = (t.livemode, t.psp, t.psp_account) and f.status = 'booked'
) own
cross join lateral (
    select exists (
        select
        from reconciliation.lines l
        join reconciliation.files f using (file_id)
        where l.payout_reference = t.reference and (f.livemode, f.psp, f.psp_account) = (t.livemode, t.psp, t.psp_account)
          and f.status = 'booked'
    ) as is_told, exists (
        select
        from reconciliation.lines l
        join reconciliation.files f using (file_id)
        where l.payout_reference = t.reference and (f.livemode, f.psp, f.psp_account) = (t.livemode, t.psp, t.psp_account)
          and f.status = 'booked' and l.kind not in ('payout', 'payout_returned')
    ) as is_told_out
) carried;

-- name: find_unreported_payouts
-- Payouts that are out, by the ledger, and that no file has, neither themselves nor their lines: of times that statements of the currency
-- cover, or that these should cover by the clock; from the first payout on that a file has. $1 the run, $2 how much longer than its delay
-- a statement may take.
insert into found_breaks (class, scope_no, currency, amount_minor, subjects, reference)
with placed as (
    select t.*, min(t.counts_from) filter (where t.is_told) over (partition by t.scope_no, t.currency) as first_told_at
    from payouts_sent t
)
select 'payout_unreported', t.scope_no, t.currency, -t.amount_minor, array['payout:' || t.stream_id || ':unreported'], t.reference
from placed t
join scopes s using (scope_no)
join reconciliation.runs r on r.run_no = $1
left join covered_currencies c using (scope_no, currency)
where not t.is_told and t.back_at is null
  and t.counts_from >= coalesce(t.first_told_at, s.covered_from)
  and (t.counts_from < greatest(s.covered_until, c.covered_until) or t.counts_from + s.delay + $2::interval < r.cut_off)
order by t.scope_no, t.counts_from, t.reference;

-- name: find_payouts_not_back
-- Payouts that came back, by the ledger, while files have that they went out, and no return: of times that statements of the currency
-- cover, or that these should cover by the clock. $1 the run, $2 as above. The amount is what is out by the files, and not by the ledger.
insert into found_breaks (class, scope_no, currency, amount_minor, subjects, reference)
select 'payout_total', t.scope_no, t.currency, t.amount_minor, array['payout:' || t.stream_id || ':not_back'], t.reference
from payouts_sent t
join scopes s using (scope_no)
join reconciliation.runs r on r.run_no = $1
left join covered_currencies c using (scope_no, currency)
where t.is_told_out and not t.is_told_back
  and (t.back_at < greatest(s.covered_until, c.covered_until) or t.back_at + s.delay + $2::interval < r.cut_off)
order by t.scope_no, t.back_at, t.reference;
