-- name: find_accounts
-- Some accounts as their last posting left them.
select a.account_id, a.livemode, a.name, a.balance_minor, a.version
from unnest($1::boolean[], $2::text[]) as w (livemode, name)
join accounts a on a.livemode = w.livemode and a.name = w.name;

-- name: open_accounts
-- Accounts that an entry needs and that are not there yet, numbered on from the last.
insert into accounts (account_id, livemode, name, currency, type, normal_side, owner)
overriding system value
select (select coalesce(max(account_id), 0) from accounts) + n, livemode, name, currency, type, normal_side, owner
from unnest($1::boolean[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
    with ordinality as w (livemode, name, currency, type, normal_side, owner, n)
returning account_id;

-- name: book_entries
-- A batch of entries with their postings and what they leave on clearing, in one statement, as the constraints of the schema demand. The ledger role has computed
-- all of it under the lock of `take_turn`; the schema moves the accounts, and refuses what it would have computed otherwise.
with booked as (
    insert into entries
        (entry_id, event_id, livemode, kind, stream_id, effective_at, booked_at, description, reason, late_for)
    select *
    from unnest(
        $1::bigint[], $2::uuid[], $3::boolean[], $4::text[], $5::uuid[], $6::timestamptz[], $7::timestamptz[], $8::text[],
        $9::text[], $10::date[]
    )
),
noted as (
    -- An item says by its place in the batch which entry it is of.
    insert into clearing_items
        (entry_id, account_id, kind, psp_reference, stream_id, refund_id, gross_minor, fee_minor, effective_at)
    select ($1::bigint[])[place], account_id, kind, psp_reference, ($5::uuid[])[place], refund_id, gross_minor, fee_minor,
        ($6::timestamptz[])[place]
    from unnest(
        $18::int[], $19::bigint[], $20::text[], $21::text[], $22::text[], $23::bigint[], $24::bigint[]
    ) as i (place, account_id, kind, psp_reference, refund_id, gross_minor, fee_minor)
)
insert into postings (entry_id, leg, account_id, side, amount_minor, currency, balance_after_minor, account_version)
select entry_id, leg, account_id, case leg & 1 when 1 then 'debit' else 'credit' end, amount_minor, currency,
    balance_after_minor, account_version
from unnest(
    $11::bigint[], $12::smallint[], $13::bigint[], $14::bigint[], $15::text[], $16::bigint[], $17::bigint[]
) as p (entry_id, leg, account_id, amount_minor, currency, balance_after_minor, account_version);
