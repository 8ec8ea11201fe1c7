-- name: open_suspense
-- What waits in suspense: per entry and currency what its legs there, and those of the entries that clear it, do not bring
-- to zero. Of the mode $1 (null: of both), after the entry $2 and its currency $3 (null: from the oldest on), at most $4 (null: all).
select
    coalesce(e.clears_entry_id, e.entry_id) as entry_id, e.livemode, p.currency,
    sum(case p.side when 'debit' then p.amount_minor else -p.amount_minor end)::bigint as debit_minor
from accounts a
join postings p using (account_id)
join entries e on e.entry_id = p.entry_id
where split_part(a.name, ':', 1) = 'suspense'
  and ($1::boolean is null or e.livemode = $1)
  and ($2::bigint is null or (coalesce(e.clears_entry_id, e.entry_id), p.currency collate "C") > ($2, $3::text collate "C"))
group by coalesce(e.clears_entry_id, e.entry_id), e.livemode, p.currency
having sum(case p.side when 'debit' then p.amount_minor else -p.amount_minor end) <> 0
order by coalesce(e.clears_entry_id, e.entry_id), p.currency collate "C"
limit $4;

-- name: suspense_accounts
-- What each suspense account holds.
select livemode, name, balance_minor from accounts where split_part(name, ':', 1) = 'suspense';

-- name: knows_psp_account
-- Whether the ledger has an account of one of our accounts at a PSP.
select exists (select from accounts where livemode = $1 and owner = $2 and name like 'psp:%' and split_part(name, ':', 3) = $3);

-- name: entries
-- The entries that sent something to suspense, and why.
select entry_id, event_id, stream_id, kind, effective_at, booked_at, description, reason
from entries
where entry_id = any ($1::bigint[]);

-- name: suspense_legs
-- The legs of an entry on suspense accounts that no other entry has cleared.
select e.livemode, e.stream_id, p.leg, p.side, p.amount_minor, p.currency, p.account_id, a.balance_minor, a.version,
    a.name
from entries e
join postings p using (entry_id)
join accounts a using (account_id)
where e.entry_id = $1
  and split_part(a.name, ':', 1) = 'suspense'
  and p.currency = $2
  and not exists (
      select from entries c
      join postings cp using (entry_id)
      where c.clears_entry_id = e.entry_id and cp.currency = p.currency
  )
order by p.leg;

-- name: book_clearing
-- An operator's entry with its postings, and what it leaves on clearing, in one statement, as the laws of the schema demand.
with booked as (
    insert into entries
        (entry_id, event_id, livemode, kind, stream_id, effective_at, booked_at, description, reason, source, booked_by,
         clears_entry_id)
    values ($1, $2, $3, 'suspense.cleared', $4, $5, $5, $6, $7, 'operator', $8, $9)
),
noted as (
    insert into clearing_items (account_id, psp_reference, entry_id, kind, stream_id, gross_minor, fee_minor, effective_at)
    select account_id, '', $1, 'correction', $4, gross_minor, fee_minor, $5
    from unnest($16::bigint[], $17::bigint[], $18::bigint[]) as i (account_id, gross_minor, fee_minor)
)
insert into postings (entry_id, leg, account_id, side, amount_minor, currency, balance_after_minor, account_version)
select $1, leg, account_id, case leg & 1 when 1 then 'debit' else 'credit' end, amount_minor, $10, balance_after_minor,
    account_version
from unnest($11::smallint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[])
    as p (leg, account_id, amount_minor, balance_after_minor, account_version);
