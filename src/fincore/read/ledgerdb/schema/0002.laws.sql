-- The laws of the ledger, kept by the database against every role, the owner included.
--
-- They are checked once a statement over all its rows: an entry and its postings are therefore written by one statement.
-- That makes deferred checks unnecessary, and a batch of postings costs one look at the batch.

create function ledgerdb.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is never rewritten: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
        using errcode = 'restrict_violation', hint = 'book an entry that corrects the earlier one';
end
$$;

create trigger entries_are_never_changed
    before update or delete on ledgerdb.entries
    for each row execute function ledgerdb.refuse_change();
create trigger entries_are_never_truncated
    before truncate on ledgerdb.entries
    for each statement execute function ledgerdb.refuse_change();
create trigger postings_are_never_changed
    before update or delete on ledgerdb.postings
    for each row execute function ledgerdb.refuse_change();
create trigger postings_are_never_truncated
    before truncate on ledgerdb.postings
    for each statement execute function ledgerdb.refuse_change();

-- An account stays what it was opened as; only its balance and version move.
create trigger accounts_are_never_redefined
    before update of account_id, livemode, name, currency, normal_side on ledgerdb.accounts
    for each row execute function ledgerdb.refuse_change();
create trigger accounts_are_never_deleted
    before delete on ledgerdb.accounts
    for each row execute function ledgerdb.refuse_change();
create trigger accounts_are_never_truncated
    before truncate on ledgerdb.accounts
    for each statement execute function ledgerdb.refuse_change();

-- The checks below are planned anew each time (`execute`): a plan kept from the first small batch would scan whole tables
-- once they have grown.

-- No entry without postings. It looks at the table when the statement is done: the postings may not come later either.
create function ledgerdb.refuse_empty_entry() returns trigger language plpgsql as $$
declare
    wrong record;
begin
    execute $check$
        select b.entry_id
        from booked b
        where not exists (select from ledgerdb.postings p where p.entry_id = b.entry_id)
        limit 1
    $check$ into wrong;
    if wrong.entry_id is not null then
        raise exception 'entry % has no postings', wrong.entry_id
            using errcode = 'check_violation', hint = 'write an entry and its postings in one statement';
    end if;
    return null;
end
$$;

create trigger entries_have_postings
    after insert on ledgerdb.entries
    referencing new table as booked
    for each statement execute function ledgerdb.refuse_empty_entry();

-- Every posting has its entry, and an account of its own currency and of the entry's mode. All postings of an entry come
-- in one statement, and balance in each currency.
create function ledgerdb.refuse_unbalanced() returns trigger language plpgsql as $$
declare
    wrong record;
begin
    execute $check$
        select p.entry_id, p.leg
        from posted p
        left join ledgerdb.accounts a on a.account_id = p.account_id
        left join ledgerdb.entries e on e.entry_id = p.entry_id
        where a.currency is distinct from p.currency or a.livemode is distinct from e.livemode
        limit 1
    $check$ into wrong;
    if wrong.entry_id is not null then
        raise exception 'posting % of entry % does not fit its account or its entry', wrong.leg, wrong.entry_id
            using errcode = 'foreign_key_violation',
                  hint = 'post to an existing account, in its currency and mode, for an existing entry';
    end if;

    execute $check$
        select p.entry_id, p.currency
        from posted p
        group by p.entry_id, p.currency
        having sum(case p.side when 'debit' then p.amount_minor else -p.amount_minor end) <> 0
        limit 1
    $check$ into wrong;
    if wrong.entry_id is not null then
        raise exception 'entry % does not balance in %', wrong.entry_id, wrong.currency
            using errcode = 'check_violation', hint = 'debits and credits must have equal sums in each currency';
    end if;

    execute $check$
        select n.entry_id
        from (select entry_id, count(*) as legs from posted group by entry_id) n
        where n.legs <> (select count(*) from ledgerdb.postings p where p.entry_id = n.entry_id)
        limit 1
    $check$ into wrong;
    if wrong.entry_id is not null then
        raise exception 'entry % is booked already: postings cannot join it later', wrong.entry_id
            using errcode = 'restrict_violation', hint = 'book an entry of its own';
    end if;
    return null;
end
$$;

create trigger postings_balance
    after insert on ledgerdb.postings
    referencing new table as posted
    for each statement execute function ledgerdb.refuse_unbalanced();
