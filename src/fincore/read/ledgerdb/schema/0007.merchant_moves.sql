-- What moved on merchants' accounts other than by a capture, by kind: a list of refunds or disputes finds any page by one
-- descent, although nearly all entries of an account are captures. It follows from entries and postings.
create table ledgerdb.merchant_moves (
    account_id bigint not null,
    -- The kind of the entry; 'operator' where an operator booked it.
    kind       text   not null,
    entry_id   bigint not null,
    primary key (account_id, kind, entry_id)
);

insert into ledgerdb.merchant_moves (account_id, kind, entry_id)
select distinct p.account_id, case e.source when 'operator' then 'operator' else e.kind end, e.entry_id
from ledgerdb.entries e
join ledgerdb.postings p using (entry_id)
join ledgerdb.accounts a using (account_id)
where a.type = 'liability'
  and (e.kind <> 'charge.captured' or e.source = 'operator');

-- It works for the tables of its own schema, which may be a ledger built beside the live one. A batch of captures costs it
-- one look at the batch.
create function ledgerdb.note_merchant_moves() returns trigger language plpgsql as $$
declare
    noted record;
begin
    execute $range$
        select min(entry_id) as first, max(entry_id) as last
        from booked
        where kind <> 'charge.captured' or source = 'operator'
    $range$ into noted;
    if noted.first is null then
        return null;
    end if;
    execute format($note$
        insert into %1$I.merchant_moves (account_id, kind, entry_id)
        select distinct p.account_id, case b.source when 'operator' then 'operator' else b.kind end, b.entry_id
        from booked b
        join %1$I.postings p on p.entry_id = b.entry_id
        join %1$I.accounts a on a.account_id = p.account_id
        where (b.kind <> 'charge.captured' or b.source = 'operator')
          and p.entry_id between $1 and $2
          and a.type = 'liability'
        on conflict do nothing
    $note$, tg_table_schema) using noted.first, noted.last;
    return null;
end
$$;
create trigger entries_note_merchant_moves
    after insert on ledgerdb.entries
    referencing new table as booked
    for each statement execute function ledgerdb.note_merchant_moves();

grant select, insert on ledgerdb.merchant_moves to fincore_service;
