-- Entries once had numbers of a sequence, which a batch that was rolled back, or an event that came twice, used up. Seals,
-- manifests and rebuilds count on numbers without a hole: where none is sealed yet, entries are numbered anew in their order.
do $$
begin
    if (select count(*) = coalesce(max(entry_id), 0) from ledgerdb.entries) or exists (select from ledgerdb.seals) then
        return;
    end if;
    alter table ledgerdb.entries disable trigger user;
    alter table ledgerdb.postings disable trigger user;
    alter table ledgerdb.closed_periods disable trigger user;

    create temporary table numbered on commit drop as
        select entry_id as was_id, row_number() over (order by entry_id) as entry_id from ledgerdb.entries;
    create unique index on numbered (was_id);
    create temporary table entries_before on commit drop as select * from ledgerdb.entries;
    create temporary table postings_before on commit drop as select * from ledgerdb.postings;
    create temporary table moves_before on commit drop as select * from ledgerdb.merchant_moves;
    analyze numbered, entries_before, postings_before, moves_before;

    delete from ledgerdb.postings;
    delete from ledgerdb.entries;
    delete from ledgerdb.merchant_moves;
    insert into ledgerdb.entries
        (entry_id, event_id, livemode, kind, stream_id, effective_at, booked_at, description, source, reason, booked_by,
         clears_entry_id, late_for)
    select n.entry_id, e.event_id, e.livemode, e.kind, e.stream_id, e.effective_at, e.booked_at, e.description, e.source,
        e.reason, e.booked_by, c.entry_id, e.late_for
    from entries_before e
    join numbered n on n.was_id = e.entry_id
    left join numbered c on c.was_id = e.clears_entry_id
    order by n.entry_id;
    insert into ledgerdb.postings
        (entry_id, leg, account_id, side, amount_minor, currency, balance_after_minor, account_version)
    select n.entry_id, p.leg, p.account_id, p.side, p.amount_minor, p.currency, p.balance_after_minor, p.account_version
    from postings_before p
    join numbered n on n.was_id = p.entry_id
    order by n.entry_id, p.leg;
    insert into ledgerdb.merchant_moves (account_id, kind, entry_id)
    select m.account_id, m.kind, n.entry_id
    from moves_before m
    join numbered n on n.was_id = m.entry_id;
    update ledgerdb.closed_periods p
    set last_entry_id = (select count(*) from numbered where was_id <= p.last_entry_id);

    alter table ledgerdb.entries enable trigger user;
    alter table ledgerdb.postings enable trigger user;
    alter table ledgerdb.closed_periods enable trigger user;
end
$$;
