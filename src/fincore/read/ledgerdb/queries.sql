-- name: trial_balance
-- Each account of one mode with the sums of its postings and its balance, counted from the postings themselves.
select
    a.name,
    a.currency,
    a.normal_side,
    coalesce(sum(p.amount_minor) filter (where p.side = 'debit'), 0) as debit_minor,
    coalesce(sum(p.amount_minor) filter (where p.side = 'credit'), 0) as credit_minor
from ledgerdb.accounts a
left join ledgerdb.postings p using (account_id)
where a.livemode = $1
group by a.account_id
order by a.currency, a.name;

-- name: entries_of_stream
-- Everything booked for one stream, in the order it was booked, a row for each leg.
select
    e.entry_id, e.event_id, e.livemode, e.kind, e.effective_at, e.booked_at, e.description,
    p.leg, a.name as account, p.side, p.amount_minor, p.currency, p.balance_after_minor
from ledgerdb.entries e
join ledgerdb.postings p using (entry_id)
join ledgerdb.accounts a using (account_id)
where e.stream_id = $1
order by e.entry_id, p.leg;

-- name: has_come_to
-- Whether the ledger has come to a place of the log.
select exists (select from ledgerdb.checkpoints where consumer = 'ledger' and (tx, pos) >= ($1, $2));
