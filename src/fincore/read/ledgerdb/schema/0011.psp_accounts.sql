-- Each account at a PSP has accounts of its own in the ledger, such as psp:stripe:test:clearing:usd. Before, all accounts at a PSP
-- shared one in each mode, psp:stripe:clearing:usd. What was booked on those stays as it was sealed; one entry for each mode, PSP
-- and currency moves what they hold, and from then on they are retired.

-- An entry that an upgrade books is of no event and of no charge. Its id follows from what it is about.
alter table ledgerdb.entries
    alter column stream_id drop not null,
    drop constraint entries_source_check,
    add constraint entries_source_check check (source in ('event', 'operator', 'upgrade')),
    add constraint entries_of_upgrades_are_of_no_charge check ((source = 'upgrade') = (stream_id is null));
comment on column ledgerdb.entries.source is
    'what booked it: an event of the log, an operator, or the upgrade to a version with other accounts; the last two have ids of their own for event_id';

-- A retired account takes no posting.
alter table ledgerdb.accounts add column is_retired boolean not null default false;

-- Changes of the chart of accounts: which entries were booked under the chart before.
create table ledgerdb.chart_changes (
    change        text        primary key,
    -- The last entry under the chart before.
    last_entry_id bigint      not null,
    changed_at    timestamptz not null
);
create trigger chart_changes_are_never_changed
    before update or delete on ledgerdb.chart_changes
    for each row execute function ledgerdb.refuse_change();
create trigger chart_changes_are_never_truncated
    before truncate on ledgerdb.chart_changes
    for each statement execute function ledgerdb.refuse_change();
grant select on ledgerdb.chart_changes to fincore_service;

-- The change itself, for the tables of a schema, which may be a ledger built beside the live one. Versions before named the one
-- account of a PSP as its mode.
create function ledgerdb.part_psp_accounts(ledger text, at timestamptz) returns void language plpgsql as $$
declare
    retired constant text := '^(psp:[^:]+:clearing|expense:psp_fees:[^:]+):[^:]+$';
begin
    execute format($note$
        insert into %1$I.chart_changes (change, last_entry_id, changed_at)
        select 'psp_accounts', coalesce(max(entry_id), 0), $1 from %1$I.entries
    $note$, ledger) using at;

    execute format($open$
        insert into %1$I.accounts (account_id, livemode, name, currency, type, normal_side, owner)
        overriding system value
        select (select coalesce(max(account_id), 0) from %1$I.accounts) + row_number() over (order by livemode, name collate "C"),
            livemode, name, currency, type, normal_side, owner
        from (
            select livemode, currency, type, normal_side,
                case type
                    when 'asset' then concat_ws(':', 'psp', split_part(name, ':', 2), mode, 'clearing', currency)
                    else concat_ws(':', 'expense', 'psp_fees', split_part(name, ':', 3), mode, currency)
                end as name,
                split_part(name, ':', case type when 'asset' then 2 else 3 end) as owner
            from %1$I.accounts
            cross join lateral (select case when livemode then 'live' else 'test' end as mode) m
            where name ~ $1 and balance_minor <> 0
        ) w
        on conflict (livemode, name) do nothing
    $open$, ledger) using retired;

    execute format($book$
        with held as (
            select
                o.livemode, o.currency, o.balance_minor, n.owner as psp, o.account_id as from_id, o.version as from_version,
                n.account_id as to_id, n.balance_minor + o.balance_minor as to_balance_minor, n.version as to_version,
                case o.type when 'asset' then 1 else 5 end as debit_leg,
                case when o.livemode then 'live' else 'test' end as psp_account
            from %1$I.accounts o
            join %1$I.accounts n
                on n.livemode = o.livemode and n.currency = o.currency and n.type = o.type
                and n.name in (
                    concat_ws(':', 'psp', split_part(o.name, ':', 2), case when o.livemode then 'live' else 'test' end,
                              'clearing', o.currency),
                    concat_ws(':', 'expense', 'psp_fees', split_part(o.name, ':', 3),
                              case when o.livemode then 'live' else 'test' end, o.currency)
                )
            where o.name ~ $1 and o.balance_minor <> 0
        ),
        heads as (
            select
                (select coalesce(max(entry_id), 0) from %1$I.entries)
                    + row_number() over (order by livemode, psp collate "C", currency collate "C") as entry_id,
                livemode, psp, currency, psp_account
            from held
            group by livemode, psp, currency, psp_account
        ),
        booked as (
            insert into %1$I.entries
                (entry_id, event_id, livemode, kind, stream_id, effective_at, booked_at, description, source, reason)
            select entry_id, md5(concat_ws(':', 'psp_accounts', psp, psp_account, currency))::uuid, livemode,
                'accounts.reclassified', null, $2, $2, concat_ws(' ', psp, psp_account), 'upgrade',
                'each account at a PSP has accounts of its own from here on'
            from heads
        )
        insert into %1$I.postings
            (entry_id, leg, account_id, side, amount_minor, currency, balance_after_minor, account_version)
        select h.entry_id, p.leg, p.account_id, p.side, abs(b.balance_minor), b.currency, p.balance_after_minor, p.version
        from held b
        join heads h using (livemode, psp, currency)
        cross join lateral (
            values
                (b.to_id, b.balance_minor > 0, b.to_balance_minor, b.to_version + 1),
                (b.from_id, b.balance_minor < 0, 0::bigint, b.from_version + 1)
        ) l (account_id, is_debit, balance_after_minor, version)
        cross join lateral (
            select case when l.is_debit then b.debit_leg else b.debit_leg + 1 end as leg,
                case when l.is_debit then 'debit' else 'credit' end as side, l.*
        ) p
    $book$, ledger) using retired, at;

    execute format('update %1$I.accounts set is_retired = true where name ~ $1', ledger) using retired;
end
$$;

-- No session books meanwhile. It is booked as any entry is: after the last one, in an open month, on a day that is not sealed.
do $$
begin
    perform from ledgerdb.checkpoints where consumer = 'ledger' for update;
    perform ledgerdb.part_psp_accounts(
        'ledgerdb',
        greatest(
            clock_timestamp(), ledgerdb.open_since(), (select max(booked_at) from ledgerdb.entries),
            (select (max(day) + 1)::timestamp at time zone 'UTC' from ledgerdb.sealed_days)
        )
    );
end
$$;

create function ledgerdb.refuse_retired_account() returns trigger language plpgsql as $$
begin
    raise exception 'account % is retired', old.name
        using errcode = 'restrict_violation', hint = 'book on the account that names the account at the PSP';
end
$$;
create trigger retired_accounts_stay_as_they_are
    before update on ledgerdb.accounts
    for each row when (old.is_retired) execute function ledgerdb.refuse_retired_account();

create function ledgerdb.refuse_retired_name() returns trigger language plpgsql as $$
begin
    raise exception 'account % names no account at the PSP', new.name
        using errcode = 'restrict_violation', hint = 'stop the ledger role of the earlier version: it books under a chart that was changed';
end
$$;
create trigger retired_names_are_never_opened
    before insert on ledgerdb.accounts
    for each row when (new.name ~ '^(psp:[^:]+:clearing|expense:psp_fees:[^:]+):[^:]+$')
    execute function ledgerdb.refuse_retired_name();

-- What moved on merchants' accounts: those have an owner, and what we owe customers for money taken by mistake has none.
create or replace function ledgerdb.note_merchant_moves() returns trigger language plpgsql as $$
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
          and a.owner <> ''
        on conflict do nothing
    $note$, tg_table_schema) using noted.first, noted.last;
    return null;
end
$$;
