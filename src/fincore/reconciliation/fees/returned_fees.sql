-- name: stage_return_lines
-- The lines of refunds and of fees given back that say that a fee came back: those that no run has taken up, and those of which the fee is
-- open.
create temporary table return_lines on commit drop as
select l.*, f.livemode, f.psp, f.psp_account
from reconciliation.files f
join reconciliation.lines l using (file_id)
where l.kind in ('refund', 'fee_reversal') and l.fee_minor > 0 and f.status = 'booked'
  and not exists (select from reconciliation.matched_files m where m.file_id = f.file_id)
union all
select l.*, f.livemode, f.psp, f.psp_account
from reconciliation.open_lines o
join reconciliation.lines l using (line_no)
join reconciliation.files f using (file_id)
where o.part = 'fee' and l.kind in ('refund', 'fee_reversal') and l.fee_minor > 0;

-- name: stage_return_accounts
-- The clearing accounts of their accounts at PSPs.
create temporary table return_accounts on commit drop as
select a.account_id, a.currency, a.livemode, a.owner as psp, split_part(a.name, ':', 3) as psp_account
from ledgerdb.accounts a
where (a.livemode, a.owner, split_part(a.name, ':', 3)) in (select livemode, psp, psp_account from return_lines)
  and split_part(a.name, ':', 4) = 'clearing';

-- name: analyze_return_lines
-- Plans for a million lines are not those for ten.
analyze return_lines, return_accounts;

-- name: stated_returns
-- What they say, by the refund that the PSP calls so and of which the ledger has no fee, one row for each, or by the payment of an attempt
-- that was reversed; and of each line that gives a fee back by itself, with the one payment that it is about: named by it, or by way of at
-- most four other lines. A line that repeats another counts once. `given_back_minor` is in the currency of the charge, and null of fees that come back by themselves. Lines that are about
-- several charges are left out, and refunds of which a line does not say what the customer got.
with recursive named_refunds as (
    select distinct on (w.line_no, i.stream_id) w.*, i.stream_id, i.psp_reference as reference, a.currency as charge_currency
    from return_lines w
    join return_accounts a using (livemode, psp, psp_account)
    cross join lateral (
        select n.reference, 'refund' as kind from unnest(w.about || w.psp_reference) n (reference)
        union all
        select n.reference, 'reversal' from unnest(w.about || w.parent_reference) n (reference)
    ) r
    join ledgerdb.clearing_items i on i.account_id = a.account_id and i.psp_reference = r.reference collate "default" and i.kind = r.kind
    where w.kind = 'refund' and r.reference <> '' and i.fee_minor = 0
    order by w.line_no, i.stream_id, i.entry_id
),
told_refunds as (
    select n.*,
        case
            when n.currency = n.charge_currency then -n.gross_minor
            when n.presentment_currency = n.charge_currency then -n.presentment_minor
        end as given_back_minor,
        row_number() over (
            partition by n.stream_id, n.reference, n.psp_reference, n.psp_type, n.currency, n.gross_minor, n.fee_minor order by n.line_no
        ) as repetition
    from named_refunds n
    where not exists (select from named_refunds o where o.line_no = n.line_no and o.stream_id <> n.stream_id)
),
parents (line_no, livemode, psp, psp_account, reference, step) as (
    select w.line_no, w.livemode, w.psp, w.psp_account, r.reference, 1
    from return_lines w
    cross join lateral unnest(w.about || w.parent_reference) as r (reference)
    where w.kind = 'fee_reversal' and r.reference <> ''
    union
    select n.line_no, n.livemode, n.psp, n.psp_account, r.reference, n.step + 1
    from parents n
    join reconciliation.lines p on p.psp_reference = n.reference
    join reconciliation.files f using (file_id, livemode, psp, psp_account)
    cross join lateral unnest(p.about || p.parent_reference) as r (reference)
    where n.step < 4 and r.reference <> '' and r.reference <> n.reference
),
payments as (
    select n.line_no, min(i.stream_id::text)::uuid as stream_id, min(i.psp_reference) as payment
    from parents n
    join return_accounts a using (livemode, psp, psp_account)
    join ledgerdb.clearing_items i on i.account_id = a.account_id and i.psp_reference = n.reference collate "default"
    where i.kind = 'payment'
    group by n.line_no
    having count(distinct i.stream_id) = 1
)
select stream_id, livemode, psp, psp_account, reference, null as payment, min(charge_currency) as charge_currency,
    sum(given_back_minor)::bigint as given_back_minor, min(currency) as currency, sum(fee_minor)::bigint as fee_minor,
    max(occurred_at) as occurred_at, (array_agg(file_id order by line_no))[1] as file_id,
    (array_agg(psp_reference order by line_no))[1] as line_reference
from told_refunds
where repetition = 1
group by stream_id, livemode, psp, psp_account, reference
having count(*) = count(given_back_minor) and count(distinct currency) = 1 and count(distinct charge_currency) = 1
    and greatest(abs(sum(given_back_minor)), sum(fee_minor)) <= 999999999999999999
union all
select p.stream_id, w.livemode, w.psp, w.psp_account, w.psp_reference, min(p.payment), null, null, min(w.currency), min(w.fee_minor),
    max(w.occurred_at), (array_agg(w.file_id order by w.line_no))[1], w.psp_reference
from payments p
join return_lines w using (line_no)
where w.gross_minor = 0 and w.psp_reference <> ''
group by p.stream_id, w.livemode, w.psp, w.psp_account, w.psp_reference
having count(distinct (w.psp_type, w.currency, w.fee_minor)) = 1;

-- name: stage_take_lines
-- The lines of failed refunds that say that the PSP took a fee again: those that no run has taken up, and those of which the fee is open.
create temporary table return_lines on commit drop as
select l.*, f.livemode, f.psp, f.psp_account
from reconciliation.files f
join reconciliation.lines l using (file_id)
where l.kind = 'refund_failed' and l.fee_minor < 0 and f.status = 'booked'
  and not exists (select from reconciliation.matched_files m where m.file_id = f.file_id)
union all
select l.*, f.livemode, f.psp, f.psp_account
from reconciliation.open_lines o
join reconciliation.lines l using (line_no)
join reconciliation.files f using (file_id)
where o.part = 'fee' and l.kind = 'refund_failed' and l.fee_minor < 0;

-- name: stated_takes
-- What they say, by the failed refund that the PSP calls so and of which the ledger has no fee taken again, one row for each. A line that
-- repeats another counts once. `came_back_minor` is in the currency of the charge. Lines that are about several charges are left out.
with named_refunds as (
    select distinct on (w.line_no, i.stream_id) w.*, i.stream_id, i.psp_reference as reference, a.currency as charge_currency
    from return_lines w
    join return_accounts a using (livemode, psp, psp_account)
    cross join lateral unnest(w.about || w.psp_reference || w.parent_reference) as r (reference)
    join ledgerdb.clearing_items i on i.account_id = a.account_id and i.psp_reference = r.reference collate "default"
    where r.reference <> '' and i.kind = 'refund_failed' and i.fee_minor = 0
    order by w.line_no, i.stream_id, i.entry_id
),
told_refunds as (
    select n.*,
        case
            when n.currency = n.charge_currency then n.gross_minor
            when n.presentment_currency = n.charge_currency then n.presentment_minor
        end as came_back_minor,
        row_number() over (
            partition by n.stream_id, n.reference, n.psp_reference, n.psp_type, n.currency, n.gross_minor, n.fee_minor order by n.line_no
        ) as repetition
    from named_refunds n
    where not exists (select from named_refunds o where o.line_no = n.line_no and o.stream_id <> n.stream_id)
)
select stream_id, livemode, psp, psp_account, reference, min(charge_currency) as charge_currency,
    sum(came_back_minor)::bigint as came_back_minor, min(currency) as currency, -sum(fee_minor)::bigint as fee_minor,
    max(occurred_at) as occurred_at, (array_agg(file_id order by line_no))[1] as file_id,
    (array_agg(psp_reference order by line_no))[1] as line_reference
from told_refunds
where repetition = 1
group by stream_id, livemode, psp, psp_account, reference
having count(*) = count(came_back_minor) and count(distinct currency) = 1 and count(distinct charge_currency) = 1
    and greatest(abs(sum(came_back_minor)), -sum(fee_minor)) <= 999999999999999999;
