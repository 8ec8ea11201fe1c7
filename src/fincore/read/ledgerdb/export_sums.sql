-- name: charge_sums
-- What the ledger booked on merchants' accounts for the charges with the streams $1, by currency: taken, and given back by refunds. Legs 1
-- and 2 are the amount itself. Sums here and below may be beyond the range of bigint.
select p.currency,
    coalesce(sum(case p.side when 'credit' then p.amount_minor else -p.amount_minor end)
        filter (where e.kind in ('charge.captured', 'charge.corrected')), 0)::numeric as captured_minor,
    coalesce(sum(case p.side when 'debit' then p.amount_minor else -p.amount_minor end)
        filter (where starts_with(e.kind, 'refund.')), 0)::numeric as refunded_minor
from ledgerdb.entries e
join ledgerdb.postings p using (entry_id)
join ledgerdb.accounts a using (account_id)
where e.stream_id = any ($1::uuid[]) and p.leg in (1, 2) and starts_with(a.name, 'merchant:')
group by p.currency;

-- name: dispute_sums
-- What the ledger booked on clearing for disputes, by currency: taken, less what came back, and put aside, less what was released. A
-- dispute is known by the stream of its charge, $1, and by its id at the PSP, $2.
select a.currency,
    coalesce(-sum(i.gross_minor) filter (where i.kind in ('dispute', 'dispute_reinstated')), 0)::numeric as withdrawn_minor,
    coalesce(-sum(i.gross_minor) filter (where i.kind in ('hold', 'release')), 0)::numeric as held_minor
from unnest($1::uuid[], $2::text[]) as d (stream_id, psp_reference)
join ledgerdb.clearing_items i using (stream_id, psp_reference)
join ledgerdb.accounts a using (account_id)
where i.kind in ('dispute', 'dispute_reinstated', 'hold', 'release')
group by a.currency;

-- name: refund_sums
-- What the ledger booked on clearing for the refunds $1, by currency: given back, less what came back because a refund failed.
select a.currency, (-sum(i.gross_minor))::numeric as refunded_minor
from ledgerdb.clearing_items i
join ledgerdb.accounts a using (account_id)
where i.refund_id = any ($1::text[]) and i.kind in ('refund', 'refund_failed')
group by a.currency;
