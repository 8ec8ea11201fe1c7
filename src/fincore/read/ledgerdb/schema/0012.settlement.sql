-- Settlement: what an entry left on clearing is an item, which a line of the PSP's statements is expected to show. Beside clearing
-- there are accounts that follow those statements (docs/ledger.md); they need no table of their own.

-- One row for each entry of an event or of an operator, and clearing account that it moved. It follows from entries and postings,
-- and beyond them from the event: the name by which the PSP's statements know it.
create table ledgerdb.clearing_items (
    entry_id      bigint      not null,
    account_id    bigint      not null,
    kind          text        not null check (kind in (
        'payment', 'refund', 'refund_failed', 'dispute', 'dispute_reinstated', 'hold', 'release', 'reversal', 'fee', 'correction'
    )),
    -- Empty where nothing names it.
    psp_reference text        not null,
    stream_id     uuid        not null,
    -- The refund that it is of; null for all that was booked before there were items.
    refund_id     text,
    -- What the amount itself, and the fees, did to the account: debits positive.
    gross_minor   bigint      not null,
    fee_minor     bigint      not null,
    effective_at  timestamptz not null,
    primary key (entry_id, account_id)
);
create index clearing_items_by_reference on ledgerdb.clearing_items (account_id, psp_reference);
create index clearing_items_by_stream on ledgerdb.clearing_items (stream_id);
create index clearing_items_by_refund on ledgerdb.clearing_items (refund_id) where refund_id is not null;
create trigger clearing_items_are_never_changed
    before update or delete on ledgerdb.clearing_items
    for each row execute function ledgerdb.refuse_change();
create trigger clearing_items_are_never_truncated
    before truncate on ledgerdb.clearing_items
    for each statement execute function ledgerdb.refuse_change();
grant select, insert on ledgerdb.clearing_items to fincore_service;

-- Items that were booked on a retired account are on the one that took over what it held, if there is one.
create function ledgerdb.move_clearing_items(ledger text) returns void language plpgsql as $$
begin
    execute format($move$
        update %1$I.clearing_items i
        set account_id = n.account_id
        from %1$I.accounts o
        join %1$I.accounts n
            on n.livemode = o.livemode
            and n.name = concat_ws(':', 'psp', o.owner, case when o.livemode then 'live' else 'test' end, 'clearing', o.currency)
        where o.is_retired and i.account_id = o.account_id
    $move$, ledger);
end
$$;

-- What is booked already. No session books meanwhile. A description is the PSP and its reference.
do $$
begin
    perform from ledgerdb.checkpoints where consumer = 'ledger' for update;
    insert into ledgerdb.clearing_items
        (account_id, psp_reference, entry_id, kind, stream_id, gross_minor, fee_minor, effective_at)
    select
        p.account_id,
        case e.source when 'event' then substring(e.description from position(' ' in e.description || ' ') + 1) else '' end,
        e.entry_id,
        case e.kind
            when 'charge.captured' then 'payment'
            when 'charge.attempt_captured' then 'payment'
            when 'charge.fee_assessed' then 'fee'
            when 'charge.attempt_reversed' then 'reversal'
            when 'refund.succeeded' then 'refund'
            when 'refund.corrected' then 'refund'
            when 'refund.failed' then 'refund_failed'
            when 'dispute.funds_withdrawn' then 'dispute'
            when 'dispute.funds_reinstated' then 'dispute_reinstated'
            when 'dispute.funds_held' then 'hold'
            when 'dispute.funds_released' then 'release'
            else 'correction'
        end,
        e.stream_id,
        coalesce(sum(case p.side when 'debit' then p.amount_minor else -p.amount_minor end) filter (where p.leg not between 5 and 8), 0),
        coalesce(sum(case p.side when 'debit' then p.amount_minor else -p.amount_minor end) filter (where p.leg between 5 and 8), 0),
        e.effective_at
    from ledgerdb.entries e
    join ledgerdb.postings p using (entry_id)
    join ledgerdb.accounts a using (account_id)
    where a.name ~ '^psp:[^:]+(:[^:]+)?:clearing:'
      and e.source <> 'upgrade'
    group by p.account_id, e.entry_id;

    alter table ledgerdb.clearing_items disable trigger user;
    perform ledgerdb.move_clearing_items('ledgerdb');
    alter table ledgerdb.clearing_items enable trigger user;
end
$$;

-- What moved on merchants' accounts: a PSP's statements move a liability with an owner, too.
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
          and a.name like 'merchant:%%'
        on conflict do nothing
    $note$, tg_table_schema) using noted.first, noted.last;
    return null;
end
$$;
