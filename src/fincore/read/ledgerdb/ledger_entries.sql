-- name: heads_of_subject
-- The entries of the mode $1 for the stream $2 before the entry $3, the last booked first, $5 at most; of the merchants $4 those that moved an
-- account of theirs.
select e.entry_id
from ledgerdb.entries e
where e.livemode = $1 and e.stream_id = $2 and e.entry_id < $3
  and ($4::text[] is null or exists (
      select from ledgerdb.postings p join ledgerdb.accounts a using (account_id) where p.entry_id = e.entry_id and a.owner = any ($4)
  ))
order by e.entry_id desc
limit $5;

-- name: head
-- The entry $2 of the mode $1, if it moved an account of the merchants $3, where these are given.
select e.entry_id
from ledgerdb.entries e
where e.livemode = $1 and e.entry_id = $2
  and ($3::text[] is null or exists (
      select from ledgerdb.postings p join ledgerdb.accounts a using (account_id) where p.entry_id = e.entry_id and a.owner = any ($3)
  ));

-- name: entries
-- Some entries with their legs, the last booked first: what clears each, and the link of the chain that seals it.
select
    e.entry_id, e.event_id, e.source, e.livemode, e.kind, e.stream_id, coalesce(c.kind, e.kind) as about, e.effective_at, e.booked_at,
    e.late_for, e.description, e.reason, e.booked_by, e.clears_entry_id, s.chain_hash,
    p.leg, a.name as account, a.owner, p.side, p.amount_minor, p.currency, p.balance_after_minor
from ledgerdb.entries e
join ledgerdb.postings p on p.entry_id = e.entry_id
join ledgerdb.accounts a on a.account_id = p.account_id
left join ledgerdb.entries c on c.entry_id = e.clears_entry_id
left join ledgerdb.seals s on s.entry_id = e.entry_id
where e.entry_id = any ($1::bigint[])
order by e.entry_id desc, p.leg;
