-- name: open_accounts
-- Accounts that an entry needs and that are not there yet.
insert into ledgerdb.accounts (livemode, name, currency, normal_side)
select w.livemode, w.name, w.currency, w.normal_side
from unnest($1::boolean[], $2::text[], $3::text[], $4::text[]) as w (livemode, name, currency, normal_side)
where not exists (select from ledgerdb.accounts a where a.livemode = w.livemode and a.name = w.name)
order by w.livemode, w.name
on conflict (livemode, name) do nothing;

-- name: lock_accounts
-- The accounts of a batch, locked in one order whoever books, so that two writers wait for each other and never deadlock.
select a.account_id, a.livemode, a.name
from ledgerdb.accounts a
join unnest($1::boolean[], $2::text[]) as w (livemode, name) on a.livemode = w.livemode and a.name = w.name
order by a.account_id
for no key update of a;

-- name: book_entries
-- A batch of entries with their postings, in one statement, as the laws of the schema demand. An event that is booked
-- already, or stands twice in the batch, is booked once. Each posting takes its account one version on; each account is
-- updated once, to what its last posting left.
with wanted as (
    select distinct on (event_id) *
    from unnest($1::int[], $2::uuid[], $3::boolean[], $4::text[], $5::uuid[], $6::timestamptz[], $7::text[])
        as t (entry_no, event_id, livemode, kind, stream_id, effective_at, description)
    order by event_id, entry_no
),
booked as (
    insert into ledgerdb.entries (event_id, livemode, kind, stream_id, effective_at, description)
    select event_id, livemode, kind, stream_id, effective_at, description
    from wanted
    order by entry_no
    on conflict (event_id) do nothing
    returning entry_id, event_id
),
legs as (
    select
        b.entry_id, l.leg, l.account_id, l.side, l.amount_minor, a.currency,
        a.balance_minor
            + sum(case when l.side = a.normal_side then l.amount_minor else -l.amount_minor end) over posted_so_far
            as balance_after_minor,
        a.version + row_number() over posted_so_far as account_version
    from unnest($8::int[], $9::smallint[], $10::bigint[], $11::text[], $12::bigint[])
        as l (entry_no, leg, account_id, side, amount_minor)
    join wanted w using (entry_no)
    join booked b using (event_id)
    join ledgerdb.accounts a using (account_id)
    window posted_so_far as (
        partition by l.account_id order by b.entry_id, l.leg rows between unbounded preceding and current row
    )
),
moved as (
    update ledgerdb.accounts a
    set balance_minor = last.balance_after_minor, version = last.account_version
    from (
        select distinct on (account_id) account_id, balance_after_minor, account_version
        from legs
        order by account_id, account_version desc
    ) last
    where a.account_id = last.account_id
)
insert into ledgerdb.postings
    (entry_id, leg, account_id, side, amount_minor, currency, balance_after_minor, account_version)
select entry_id, leg, account_id, side, amount_minor, currency, balance_after_minor, account_version
from legs;
