-- What an auditor asks of a ledger beyond balance: numbers without a hole, times that only go forward, running balances that
-- chain, periods that stay closed, and for each entry who or what booked it and why.

-- Accounts say of which type they are, and whose.
alter table ledgerdb.accounts
    add column type  text,
    -- The PSP or merchant the account is about; empty where it is our own.
    add column owner text not null default '';
update ledgerdb.accounts set
    type = case split_part(name, ':', 1)
        when 'merchant' then 'liability' when 'revenue' then 'revenue' when 'expense' then 'expense' else 'asset'
    end,
    owner = case split_part(name, ':', 1)
        when 'merchant' then split_part(name, ':', 2) when 'psp' then split_part(name, ':', 2) else ''
    end;
alter table ledgerdb.accounts
    alter column type set not null,
    add constraint accounts_have_a_type check (type in ('asset', 'liability', 'revenue', 'expense')),
    add constraint accounts_grow_on_the_side_of_their_type
        check ((normal_side = 'debit') = (type in ('asset', 'expense')));
-- Balances move with every batch: room on each page keeps that to the page.
alter table ledgerdb.accounts set (fillfactor = 50);
create index accounts_by_owner on ledgerdb.accounts (livemode, owner, name);
create trigger accounts_are_never_given_away
    before update of type, owner on ledgerdb.accounts
    for each row execute function ledgerdb.refuse_change();

-- Entries are numbered by whoever books them, under the lock that makes it the only one who does.
alter table ledgerdb.entries
    alter column entry_id drop identity,
    -- What booked it: an event of the log, or an operator. An operator's entry has an id of its own for event_id.
    add column source          text not null default 'event' check (source in ('event', 'operator')),
    -- Why an operator booked it, or why some of it is in suspense.
    add column reason          text check (reason <> ''),
    add column booked_by       text check (booked_by <> ''),
    -- The entry whose suspense this one clears.
    add column clears_entry_id bigint,
    -- The first day of the closed period in which it happened: it came too late to be booked there.
    add column late_for        date,
    add constraint entries_of_operators_say_who_and_why
        check ((source = 'operator') = (booked_by is not null) and (source = 'event' or reason is not null)),
    add constraint entries_clear_by_an_operator
        check (clears_entry_id is null or (source = 'operator' and clears_entry_id < entry_id));
create index entries_by_booking on ledgerdb.entries (booked_at, entry_id);
create index entries_late on ledgerdb.entries (late_for, entry_id) where late_for is not null;

-- An account's postings in the order they were booked: balances as of a booking, statements and lists are ranges of it.
-- What the old index kept unique, the chain of versions, is checked below.
alter table ledgerdb.postings drop constraint postings_account_id_account_version_key;
create unique index postings_by_account on ledgerdb.postings (account_id, entry_id, leg);
comment on column ledgerdb.postings.leg is
    'odd the debit, even the credit of a movement: 1-2 the amount itself, 3-4 the platform''s fee, 5-6 the PSP''s, 7-8 a dispute''s';

-- A closed period (a month, by its first day) closes all before it. What happened in one and is heard of later is booked
-- in an open one.
create table ledgerdb.closed_periods (
    period        date        primary key check (extract(day from period) = 1),
    closed_at     timestamptz not null default clock_timestamp(),
    closed_by     text        not null check (closed_by <> ''),
    -- The last entry there was when it was closed.
    last_entry_id bigint      not null
);
create trigger closed_periods_are_never_changed
    before update or delete on ledgerdb.closed_periods
    for each row execute function ledgerdb.refuse_change();
create trigger closed_periods_are_never_truncated
    before truncate on ledgerdb.closed_periods
    for each statement execute function ledgerdb.refuse_change();

create function ledgerdb.refuse_period() returns trigger language plpgsql as $$
begin
    if new.period <= (select max(period) from ledgerdb.closed_periods) then
        raise exception '% is closed already', to_char(new.period, 'YYYY-MM')
            using errcode = 'unique_violation', hint = 'closing a period closes all before it';
    end if;
    if (new.period + interval '1 month') at time zone 'UTC' > clock_timestamp() then
        raise exception '% has not ended', to_char(new.period, 'YYYY-MM')
            using errcode = 'check_violation', hint = 'close a period after its last day, by UTC';
    end if;
    return new;
end
$$;
create trigger periods_close_in_order
    before insert on ledgerdb.closed_periods
    for each row execute function ledgerdb.refuse_period();

-- From when on entries may be booked: after all closed periods.
create function ledgerdb.open_since() returns timestamptz language sql stable as $$
    select coalesce(((max(period) + interval '1 month') at time zone 'UTC'), timestamptz '1970-01-01 00:00:00+00')
    from ledgerdb.closed_periods
$$;

-- The checks of each batch. What looks at the batch itself is planned anew each time, like the checks of 0002.
create or replace function ledgerdb.refuse_empty_entry() returns trigger language plpgsql as $$
declare
    batch record;
    before record;
    open_since timestamptz := ledgerdb.open_since();
    with_postings bigint;
    wrong bigint;
begin
    execute 'select min(entry_id) as first, max(entry_id) as last, count(*) as entries, min(booked_at) as booked_from from booked'
    into batch;
    if batch.entries = 0 then
        return null;
    end if;

    select entry_id, booked_at into before
    from ledgerdb.entries where entry_id < batch.first order by entry_id desc limit 1;
    if batch.first <> coalesce(before.entry_id, 0) + 1 or batch.last - batch.first + 1 <> batch.entries then
        raise exception 'entry % does not follow entry %', batch.first, coalesce(before.entry_id, 0)
            using errcode = 'check_violation', hint = 'number entries 1, 2, 3 ... without a hole';
    end if;
    if batch.booked_from < before.booked_at then
        raise exception 'entry % is booked before the one before it', batch.first
            using errcode = 'check_violation', hint = 'booking times only go forward';
    end if;
    if batch.booked_from < open_since then
        raise exception 'entry % is booked in a closed period', batch.first
            using errcode = 'restrict_violation', hint = 'book it today, and say in late_for which period it belongs to';
    end if;

    execute $check$
        select entry_id
        from booked
        where late_for is distinct from
            case when effective_at < $1 then date_trunc('month', effective_at at time zone 'UTC')::date end
        limit 1
    $check$ into wrong using open_since;
    if wrong is not null then
        raise exception 'entry % does not say rightly for which closed period it is late', wrong
            using errcode = 'check_violation', hint = 'late_for is the first day of the closed month in which it happened';
    end if;

    -- The entries of a batch are a range of numbers, and so are those of its postings.
    select count(distinct entry_id) into with_postings
    from ledgerdb.postings where entry_id between batch.first and batch.last;
    if with_postings <> batch.entries then
        execute $check$
            select b.entry_id
            from booked b
            where not exists (select from ledgerdb.postings p where p.entry_id = b.entry_id)
            limit 1
        $check$ into wrong;
        raise exception 'entry % has no postings', wrong
            using errcode = 'check_violation', hint = 'write an entry and its postings in one statement';
    end if;
    return null;
end
$$;

-- Postings are judged against their accounts and entries, and then move the accounts: nobody else does, whatever their
-- rights. It works for the tables of its own schema, which may be a ledger built beside the live one.
create or replace function ledgerdb.refuse_unbalanced() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
declare
    batch record;
    in_range bigint;
    wrong record;
begin
    execute 'select min(entry_id) as first, max(entry_id) as last, count(*) as postings from posted' into batch;
    if batch.postings = 0 then
        return null;
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

    execute format('select count(*) from %I.postings where entry_id between $1 and $2', tg_table_schema)
    into in_range using batch.first, batch.last;
    if in_range <> batch.postings then
        execute format($check$
            select n.entry_id
            from (select entry_id, count(*) as legs from posted group by entry_id) n
            where n.legs <> (select count(*) from %I.postings p where p.entry_id = n.entry_id)
            limit 1
        $check$, tg_table_schema) into wrong;
        if wrong.entry_id is not null then
            raise exception 'entry % is booked already: postings cannot join it later', wrong.entry_id
                using errcode = 'restrict_violation', hint = 'book an entry of its own';
        end if;
    end if;

    -- The accounts move by what was posted, and each posting must say what it made of its account: its version and balance
    -- on from the posting before, or from where the account stood.
    execute format($check$
        with net as (
            select
                account_id, count(*) as postings,
                sum(case side when 'debit' then amount_minor else -amount_minor end)::bigint as debit_minor
            from posted
            group by account_id
        ),
        moved as (
            update %1$I.accounts a
            set balance_minor = a.balance_minor + case a.normal_side when 'debit' then n.debit_minor else -n.debit_minor end,
                version = a.version + n.postings
            from net n
            where a.account_id = n.account_id
            returning a.account_id, a.livemode, a.currency, a.normal_side, a.version - n.postings as version_before,
                a.balance_minor - case a.normal_side when 'debit' then n.debit_minor else -n.debit_minor end as balance_before
        ),
        judged as (
            select
                p.entry_id, p.leg,
                m.currency is not distinct from p.currency and m.livemode is not distinct from e.livemode as fits,
                p.account_version = m.version_before + row_number() over chain
                and p.balance_after_minor = m.balance_before
                    + sum(case p.side when m.normal_side then p.amount_minor else -p.amount_minor end) over chain as chains
            from posted p
            left join moved m on m.account_id = p.account_id
            left join %1$I.entries e on e.entry_id = p.entry_id
            window chain as (partition by p.account_id order by p.entry_id, p.leg rows unbounded preceding)
        )
        select entry_id, leg, fits from judged where (fits and chains) is not true limit 1
    $check$, tg_table_schema) into wrong;
    if wrong.entry_id is not null and not wrong.fits then
        raise exception 'posting % of entry % does not fit its account or its entry', wrong.leg, wrong.entry_id
            using errcode = 'foreign_key_violation',
                  hint = 'post to an existing account, in its currency and mode, for an existing entry';
    elsif wrong.entry_id is not null then
        raise exception 'posting % of entry % does not continue its account', wrong.leg, wrong.entry_id
            using errcode = 'check_violation',
                  hint = 'a posting takes the version by one and the balance by its amount on from the posting before';
    end if;
    return null;
end
$$;

-- Accounts are moved by the trigger above and by nobody else.
create function ledgerdb.refuse_moving_by_hand() returns trigger language plpgsql as $$
begin
    if pg_trigger_depth() < 2 then
        raise exception 'the balance of an account follows from its postings: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
            using errcode = 'restrict_violation', hint = 'book an entry';
    end if;
    return null;
end
$$;
create trigger accounts_are_moved_by_postings
    before update of balance_minor, version on ledgerdb.accounts
    for each statement execute function ledgerdb.refuse_moving_by_hand();
-- An account is opened empty.
create function ledgerdb.refuse_opening_balance() returns trigger language plpgsql as $$
begin
    raise exception 'account % is opened with a balance', new.name
        using errcode = 'check_violation', hint = 'open it empty, and book an entry';
end
$$;
create trigger accounts_are_opened_empty
    before insert on ledgerdb.accounts
    for each row when (new.balance_minor <> 0 or new.version <> 0)
    execute function ledgerdb.refuse_opening_balance();

revoke update on ledgerdb.accounts from fincore_service;
revoke update (balance_minor, version) on ledgerdb.accounts from fincore_service;
grant select, insert on ledgerdb.closed_periods to fincore_service;
