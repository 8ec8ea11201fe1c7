-- The judgement of 0004, in which each posting is held against the one before it in whole numbers, not against sums.

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
                p.account_version = coalesce(lag(p.account_version) over chain, m.version_before) + 1
                and p.balance_after_minor = coalesce(lag(p.balance_after_minor) over chain, m.balance_before)
                    + case p.side when m.normal_side then p.amount_minor else -p.amount_minor end as chains
            from posted p
            left join moved m on m.account_id = p.account_id
            left join %1$I.entries e on e.entry_id = p.entry_id
            window chain as (partition by p.account_id order by p.entry_id, p.leg)
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
