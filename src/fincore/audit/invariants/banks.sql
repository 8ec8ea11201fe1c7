-- name: unexplained_banks
-- Accounts of banks that hold something else than the lines matched on them and the entries without a line, in one snapshot.
select a.name || case when a.livemode then ' (live)' else ' (test)' end as place,
    'holds ' || a.balance_minor || ' minor units; lines of its statements come to ' || e.told_minor || ', and entries without a line to '
        || e.untold_minor as finding
from ledgerdb.accounts a
cross join lateral (
    select coalesce(sum(l.amount_minor), 0) as told_minor,
        coalesce(sum(p.minor) filter (where m.bank_line_no is null), 0) as untold_minor
    from (
        select entry_id, account_id, sum(case side when 'debit' then amount_minor else -amount_minor end) as minor
        from ledgerdb.postings
        where account_id = a.account_id
        group by entry_id, account_id
    ) p
    full join (select * from reconciliation.bank_matches where account_id = a.account_id) m using (entry_id, account_id)
    left join reconciliation.bank_lines l using (bank_line_no)
) e
where a.name like 'bank:%' and a.balance_minor <> e.told_minor + e.untold_minor
order by a.livemode, a.name;

-- name: unequal_bank_matches
-- Matches of which the line and the entry are not of one payout, bank, currency and amount, or of which a side is gone.
select 'line ' || m.bank_line_no || ' of a bank' as place,
    'is ' || coalesce(l.amount_minor || ' ' || l.currency, 'gone') || '; entry ' || m.entry_id || ' of its payout on that account comes to '
        || coalesce(sum(case p.side when 'debit' then p.amount_minor else -p.amount_minor end)::text, 'nothing') as finding
from reconciliation.bank_matches m
left join reconciliation.bank_lines l using (bank_line_no)
left join reconciliation.bank_line_payouts o using (bank_line_no)
left join ledgerdb.entries e on e.entry_id = m.entry_id and e.stream_id = o.stream_id and e.livemode = l.livemode
left join ledgerdb.accounts a
    on a.account_id = m.account_id and a.livemode = l.livemode and a.name = concat_ws(':', 'bank', l.bank, l.currency)
left join ledgerdb.postings p on p.entry_id = e.entry_id and p.account_id = a.account_id
group by m.bank_line_no, m.entry_id, l.amount_minor, l.currency
having sum(case p.side when 'debit' then p.amount_minor else -p.amount_minor end) is distinct from l.amount_minor
    or l.amount_minor is null
order by m.bank_line_no;

-- name: payouts_paid_by_lines
-- Payouts of which a line of a bank's statement proved that they arrived.
select event_id, stream_id, data ->> 'psp_reference' as psp_reference, (data ->> 'livemode')::boolean as livemode,
    data ->> 'bank_account' as bank, data ->> 'currency' as currency, (data ->> 'amount_minor')::bigint as amount_minor
from eventstore.events
where type = 'payout.paid' and metadata ->> 'correlation' like 'bank\_statement\_%'
order by tx, pos;

-- name: lines_of_payouts
-- For which of some payouts there is such a line, each by stream, mode, bank, currency and amount.
select w.place
from unnest($1::uuid[], $2::boolean[], $3::text[], $4::text[], $5::bigint[]) with ordinality
    as w (stream_id, livemode, bank, currency, amount_minor, place)
where exists (
    select
    from reconciliation.bank_line_payouts o
    join reconciliation.bank_lines l using (bank_line_no)
    where o.stream_id = w.stream_id
      and (l.livemode, l.bank, l.currency, l.amount_minor) = (w.livemode, w.bank, w.currency, w.amount_minor)
);
