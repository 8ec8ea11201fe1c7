-- name: accounts
-- The accounts of payments at PayPal, empty.
insert into ledgerdb.accounts (livemode, name, currency, type, normal_side, owner)
values
    (false, 'psp:paypal:test:clearing:usd', 'usd', 'asset', 'debit', 'paypal'),
    (false, 'merchant:mer_bench:payable:usd', 'usd', 'liability', 'credit', 'mer_bench')
returning account_id;

-- name: entries
-- The entries of payments $1 to $2, paid from $6 on, with what is left of each after its fee on the accounts $3 and $4 that held $5 before.
with booked as (
    insert into ledgerdb.entries (entry_id, event_id, livemode, kind, stream_id, effective_at, description)
    select n, gen_random_uuid(), false, 'charge.captured', lpad(to_hex(n), 32, '0')::uuid,
        $6::timestamptz + n * interval '1 millisecond', ''
    from generate_series($1::bigint, $2::bigint) n
)
insert into ledgerdb.postings
    (entry_id, leg, account_id, side, amount_minor, currency, balance_after_minor, account_version)
select n, leg, case leg when 1 then $3::bigint else $4::bigint end, case leg when 1 then 'debit' else 'credit' end,
    net_minor, 'usd', $5::bigint + sum(net_minor) over (partition by leg order by n), n
from generate_series($1::bigint, $2::bigint) n
cross join generate_series(1, 2) leg
cross join lateral (values (960 + n % 9000)) as v (net_minor);

-- name: items
-- What payments $1 to $2 left on the account $3, each under PayPal's name of its capture.
insert into ledgerdb.clearing_items
    (entry_id, account_id, kind, psp_reference, stream_id, gross_minor, fee_minor, effective_at)
select entry_id, $3::bigint, 'payment', 'CAP' || lpad(entry_id::text, 14, '0'), stream_id, 1000 + entry_id % 9000, -40, effective_at
from ledgerdb.entries
where entry_id between $1::bigint and $2::bigint;

-- name: tidy
-- The tables as a server leaves them that has had a quiet minute since.
vacuum analyze ledgerdb.entries, ledgerdb.postings, ledgerdb.clearing_items;

-- name: lines_in_order
-- The lines of the file that the row-by-row matcher goes through.
select line_no, psp_reference, gross_minor, fee_minor from reconciliation.lines order by line_no;

-- name: row_matches
-- The matches of the row-by-row matcher, under the rules of the real ones.
create temporary table row_matches (like reconciliation.matches including all);

-- name: find_item
-- The item of one line, unless it is matched.
select i.entry_id, i.account_id, i.gross_minor, i.fee_minor
from ledgerdb.clearing_items i
where i.account_id = $1 and i.psp_reference = $2
  and not exists (select from row_matches m where m.entry_id = i.entry_id and m.account_id = i.account_id);

-- name: match_line
-- One line with its item, gross and fee.
insert into row_matches (match_no, part, run_no, rule, line_no, entry_id, account_id)
values ($1, 'gross', 1, 'reference', $1, $2, $3), ($1, 'fee', 1, 'reference', $1, $2, $3);

-- name: outcome
-- The breaks that the run opened, by class.
select class, count(*) as breaks from reconciliation.breaks where status = 'open' group by class;

-- name: sessions
-- The sessions of a process.
select pid from pg_stat_activity where application_name = $1;
