-- name: balances_beside_statements
-- Balances at PSPs, up to the last entry of the last run, that are not the ending balance of the last statement that it or a run before
-- took up, and of which it found no break of that amount.
with last_run as (
    select run_no, last_entry_id from reconciliation.runs order by run_no desc limit 1
),
told as (
    select distinct on (f.livemode, f.psp, f.psp_account, t.currency) f.livemode, f.psp, f.psp_account, t.currency, f.name, r.run_no,
        r.last_entry_id, (t.stated ->> 'ending_minor')::numeric as ending_minor
    from last_run r
    join reconciliation.matched_files m on m.run_no <= r.run_no
    join reconciliation.files f using (file_id)
    cross join lateral jsonb_each(f.stated_totals) as t (currency, stated)
    where t.stated ->> 'ending_minor' is not null
    order by f.livemode, f.psp, f.psp_account, t.currency, f.period_end desc, f.sequence desc nulls last, f.file_id
)
select concat_ws(':', 'psp', t.psp, t.psp_account, 'balance', t.currency) || case when t.livemode then ' (live)' else ' (test)' end as place,
    'holds ' || held.minor || ' minor units; the statement ' || t.name || ' ends with ' || t.ending_minor
        || ', and the last run found no break of the difference' as finding
from told t
cross join lateral (
    select coalesce(sum(case p.side when a.normal_side then p.amount_minor else -p.amount_minor end), 0) as minor
    from ledgerdb.accounts a
    join ledgerdb.postings p using (account_id)
    where a.livemode = t.livemode and a.name = concat_ws(':', 'psp', t.psp, t.psp_account, 'balance', t.currency)
      and p.entry_id <= t.last_entry_id
) held
where t.ending_minor <> held.minor
  and not exists (
      select
      from reconciliation.breaks b
      where b.class = 'balance' and b.seen_by = t.run_no and (b.livemode, b.psp, b.psp_account) = (t.livemode, t.psp, t.psp_account)
        and (b.currency, b.amount_minor) = (t.currency, t.ending_minor - held.minor)
  )
order by 1;

-- name: payouts_beside_their_lines
-- Payouts that the ledger knew at the last run, of which the lines that it and the runs before took up come to something else, and of
-- which no standing break has the difference. A payout does not carry its own line, nor its own return.
with last_run as (
    select run_no, last_entry_id from reconciliation.runs order by run_no desc limit 1
),
sent as (
    select a.livemode, a.owner as psp, split_part(a.name, ':', 3) as psp_account, a.currency,
        substr(e.description, strpos(e.description, ' ') + 1) as payout,
        sum(case p.side when 'debit' then p.amount_minor else -p.amount_minor end) as amount_minor
    from last_run r
    join ledgerdb.entries e on e.kind = 'payout.created' and e.entry_id <= r.last_entry_id
    join ledgerdb.postings p using (entry_id)
    join ledgerdb.accounts a using (account_id)
    where a.name like 'psp:%:in\_transit:%'
    group by 1, 2, 3, 4, 5
),
told as (
    select f.livemode, f.psp, f.psp_account, l.payout_reference as payout, l.currency, sum(l.gross_minor + l.fee_minor) as net_minor
    from last_run r
    join reconciliation.matched_files m on m.run_no <= r.run_no
    join reconciliation.files f using (file_id)
    join reconciliation.lines l using (file_id)
    where l.payout_reference is not null and l.kind <> 'payout'
      and not (l.kind = 'payout_returned' and l.payout_reference = coalesce(l.parent_reference, l.about[1], l.psp_reference))
    group by 1, 2, 3, 4, 5
)
select 'payout ' || t.payout || ' of ' || t.psp || ':' || t.psp_account || case when t.livemode then ' (live)' else ' (test)' end as place,
    'is of ' || s.amount_minor || ' minor units of ' || s.currency || '; its lines come to ' || t.net_minor || ' of ' || t.currency
        || ', and no break has the difference' as finding
from told t
join sent s using (livemode, psp, psp_account, payout)
where (t.currency, t.net_minor) <> (s.currency, s.amount_minor)
  and not exists (
      select
      from reconciliation.breaks b
      where b.class in ('unexplained_remainder', 'payout_total') and b.closed_by is null
        and (b.livemode, b.psp, b.psp_account, b.reference) = (t.livemode, t.psp, t.psp_account, t.payout)
        and b.currency = t.currency and (t.currency <> s.currency or b.amount_minor = t.net_minor - s.amount_minor)
  )
order by 1, 2;
