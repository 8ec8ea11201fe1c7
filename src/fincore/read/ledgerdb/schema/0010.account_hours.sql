-- What each account moved, on its normal side, in an hour of effective time (by UTC): a balance in the middle of a day reads
-- the postings of an hour. Of the sealed entries, kept by the sealer with account_days; a late one moves its own hour alone.
create table ledgerdb.account_hours (
    account_id     bigint      not null,
    -- When it began.
    hour           timestamptz not null,
    net_minor      bigint      not null,
    -- Between which entries the hour's postings are.
    first_entry_id bigint      not null,
    last_entry_id  bigint      not null,
    primary key (account_id, hour)
);

insert into ledgerdb.account_hours (account_id, hour, net_minor, first_entry_id, last_entry_id)
select p.account_id, date_trunc('hour', e.effective_at, 'UTC'),
    sum(case p.side when a.normal_side then p.amount_minor else -p.amount_minor end), min(p.entry_id), max(p.entry_id)
from ledgerdb.postings p
join ledgerdb.entries e using (entry_id)
join ledgerdb.accounts a using (account_id)
where p.entry_id <= (select coalesce(max(entry_id), 0) from ledgerdb.seals)
group by 1, 2;

grant select, insert, update on ledgerdb.account_hours to fincore_service;
