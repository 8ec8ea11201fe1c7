-- name: stage_unknown_fees
-- The payments of which the ledger knows no fee: those of entries since the last run, those of which no line told before, and those of
-- which the fee of a line is open.
create temporary table unknown_fees on commit drop as
with last_run as (
    select coalesce(max(last_entry_id), 0) as entry_id from reconciliation.runs
),
wanted_items as (
    select i.entry_id, i.account_id
    from ledgerdb.clearing_items i
    where i.entry_id > (select entry_id from last_run) and i.kind = 'payment' and i.fee_minor = 0
    union
    select entry_id, account_id from reconciliation.open_items where part = 'gross'
    union
    select m.entry_id, m.account_id
    from reconciliation.open_lines o
    join reconciliation.matches m on m.line_no = o.line_no and m.part = 'gross'
    where o.part = 'fee' and m.entry_id is not null
)
select i.psp_reference as reference, i.stream_id, a.currency, a.livemode, a.owner as psp, split_part(a.name, ':', 3) as psp_account
from wanted_items w
join ledgerdb.clearing_items i using (entry_id, account_id)
join ledgerdb.accounts a using (account_id)
where i.kind = 'payment' and i.fee_minor = 0 and i.gross_minor > 0 and i.psp_reference <> ''
  and not exists (
      select
      from ledgerdb.clearing_items o
      join ledgerdb.accounts c on c.account_id = o.account_id
      where o.stream_id = i.stream_id and (o.kind = 'fee' or o.entry_id = i.entry_id and o.fee_minor <> 0)
        and (c.owner, split_part(c.name, ':', 3)) = (a.owner, split_part(a.name, ':', 3))
  );

-- name: index_unknown_fees
-- Each reference of each line is looked up: PostgreSQL has no statistics of lines that were just read.
create index on unknown_fees (reference);

-- name: analyze_unknown_fees
-- Plans for a million payments are not those for ten.
analyze unknown_fees;

-- name: stage_fee_lines
-- The lines that may state one of them: lines of payments that no run has taken up, and those of which the fee is open.
create temporary table fee_lines on commit drop as
select l.*, f.livemode, f.psp, f.psp_account
from reconciliation.files f
join reconciliation.lines l using (file_id)
where l.kind = 'payment' and f.status = 'booked' and exists (select from unknown_fees)
  and not exists (select from reconciliation.matched_files m where m.file_id = f.file_id)
union all
select l.*, f.livemode, f.psp, f.psp_account
from reconciliation.open_lines o
join reconciliation.lines l using (line_no)
join reconciliation.files f using (file_id)
where o.part = 'fee' and l.kind = 'payment' and exists (select from unknown_fees);

-- name: stage_named_payments
-- What each of them names, reference by reference.
create temporary table named_payments on commit drop as
select w.line_no, w.livemode, w.psp, w.psp_account, r.reference, r.place
from fee_lines w
cross join lateral unnest(w.about || w.psp_reference) with ordinality as r (reference, place)
where r.reference <> '';

-- name: analyze_fee_lines
-- The same of lines.
analyze fee_lines, named_payments;

-- name: stated_fees
-- The fees of these payments that lines of files state: lines that no run has taken up, and those of which the fee is open. One row for
-- each charge and account, with what its lines say together in one currency; a line that repeats another counts once.
-- `taken_minor` is in the currency of the charge, by the lines themselves or by what they say that the customer paid. Sums that no
-- payment has are left out, and lines that name payments of several charges: their fee may be of either.
with several as materialized (
    select n.line_no
    from named_payments n
    join ledgerdb.clearing_items i on i.psp_reference = n.reference collate "default" and i.kind = 'payment'
    join ledgerdb.accounts a
        on a.account_id = i.account_id and a.livemode = n.livemode and a.owner = n.psp and split_part(a.name, ':', 3) = n.psp_account
    group by n.line_no
    having count(distinct i.stream_id) > 1
),
named as (
    select distinct on (w.line_no, p.stream_id) w.*, p.stream_id, p.currency as charge_currency, p.reference
    from fee_lines w
    join named_payments r using (line_no, livemode, psp, psp_account)
    join unknown_fees p using (reference, livemode, psp, psp_account)
    where not exists (select from several s where s.line_no = w.line_no)
    order by w.line_no, p.stream_id, r.place
),
told as (
    select n.*, case
            when n.currency = n.charge_currency then n.gross_minor
            when n.presentment_currency = n.charge_currency then n.presentment_minor
        end as taken_minor,
        row_number() over (
            partition by n.stream_id, n.livemode, n.psp, n.psp_account, n.psp_reference, n.psp_type, n.currency, n.gross_minor, n.fee_minor
            order by n.line_no
        ) as repetition
    from named n
)
select stream_id, livemode, psp, psp_account, array_agg(distinct reference) as references, min(charge_currency) as charge_currency,
    sum(taken_minor)::bigint as taken_minor, min(currency) as currency, sum(gross_minor)::bigint as gross_minor,
    -sum(fee_minor)::bigint as fee_minor, max(occurred_at) as occurred_at,
    (array_agg(file_id order by line_no))[1] as file_id, (array_agg(psp_reference order by line_no))[1] as line_reference
from told
where repetition = 1
group by stream_id, livemode, psp, psp_account
having count(*) = count(taken_minor) and count(distinct currency) = 1 and count(distinct charge_currency) = 1 and sum(fee_minor) < 0
    and greatest(abs(sum(taken_minor)), abs(sum(gross_minor)), -sum(fee_minor)) <= 999999999999999999;
