-- name: accounts
-- The two accounts of a ledger with a past, as $1 entries of a dollar each have left them.
insert into ledgerdb.accounts
    (account_id, livemode, name, currency, type, normal_side, owner, balance_minor, version)
overriding system value
values
    (1, false, 'psp:stripe:test:clearing:usd', 'usd', 'asset', 'debit', 'stripe', $1::bigint * 100, $1),
    (2, false, 'merchant:mer_bench:payable:usd', 'usd', 'liability', 'credit', 'mer_bench', $1::bigint * 100, $1);

-- name: entries
-- $1 entries from $2 on, one every $3, each booked when it took effect.
insert into ledgerdb.entries (entry_id, event_id, livemode, kind, stream_id, effective_at, booked_at, description)
select n, gen_random_uuid(), false, 'charge.captured', gen_random_uuid(), $2::timestamptz + n * $3::interval,
    $2::timestamptz + n * $3::interval, ''
from generate_series(1, $1::bigint) n;

-- name: postings
-- The postings of $1 entries.
insert into ledgerdb.postings
    (entry_id, leg, account_id, side, amount_minor, currency, balance_after_minor, account_version)
select n, leg, leg, case leg when 1 then 'debit' else 'credit' end, 100, 'usd', n * 100, n
from generate_series(1, $1::bigint) n
cross join generate_series(1, 2) leg;

-- name: seals
-- $1 entries count as sealed; they are never verified.
insert into ledgerdb.seals (entry_id, postings, content_hash, chain_hash)
select n, 2, sha256('x'), sha256('x') from generate_series(1, $1::bigint) n;

-- name: days
-- The days of both accounts.
insert into ledgerdb.account_days
    (account_id, day, debit_minor, credit_minor, closing_minor, first_entry_id, last_entry_id)
select p.account_id, (e.effective_at at time zone 'UTC')::date,
    coalesce(sum(p.amount_minor) filter (where p.side = 'debit'), 0),
    coalesce(sum(p.amount_minor) filter (where p.side = 'credit'), 0),
    max(p.balance_after_minor), min(p.entry_id), max(p.entry_id)
from ledgerdb.postings p
join ledgerdb.entries e using (entry_id)
group by 1, 2;

-- name: hours
-- The hours of both accounts.
insert into ledgerdb.account_hours (account_id, hour, net_minor, first_entry_id, last_entry_id)
select p.account_id, date_trunc('hour', e.effective_at, 'UTC'), sum(p.amount_minor), min(p.entry_id), max(p.entry_id)
from ledgerdb.postings p
join ledgerdb.entries e using (entry_id)
group by 1, 2;
