-- name: begin
-- A ledger to come, empty, beside the live one: its postings are judged and its accounts moved by the same law.
drop schema if exists ledgerdb_next cascade;
create schema ledgerdb_next;
create table ledgerdb_next.accounts (like ledgerdb.accounts including all);
create table ledgerdb_next.entries (like ledgerdb.entries including all);
create table ledgerdb_next.postings (like ledgerdb.postings including all);
create table ledgerdb_next.chart_changes (like ledgerdb.chart_changes including all);
create table ledgerdb_next.clearing_items (like ledgerdb.clearing_items including all);
create trigger postings_balance
    after insert on ledgerdb_next.postings
    referencing new table as posted
    for each statement execute function ledgerdb.refuse_unbalanced();
-- Events that move money and that the live ledger has no entry for.
create table ledgerdb_next.left_out (tx bigint, pos bigint, event_id uuid not null, primary key (tx, pos));

-- name: end
-- It is not needed any more.
drop schema if exists ledgerdb_next cascade;

-- name: reached
-- Where the live ledger stands: its last entry, and how far in the log that is.
select coalesce((select max(entry_id) from ledgerdb.entries), 0) as last_entry_id, c.tx, c.pos
from (select 1) one
left join ledgerdb.checkpoints c on c.consumer = 'ledger';

-- name: live_entries
-- The next live entries in the order in which they were booked.
select entry_id, event_id, stream_id, booked_at, late_for, source
from ledgerdb.entries
where entry_id > $1 and entry_id <= $2
order by entry_id
limit $3;

-- name: leave_out
-- Keep in mind those of some events, in any order, that the live ledger has not.
insert into ledgerdb_next.left_out (tx, pos, event_id)
select l.tx, l.pos, l.event_id
from unnest($1::bigint[], $2::bigint[], $3::uuid[]) as l (tx, pos, event_id)
where not exists (select from ledgerdb.entries e where e.event_id = l.event_id and e.entry_id <= $4);

-- name: left_out
-- The next events that were left out, in the order of the log. The live ledger may have booked some of them since.
select l.tx, l.pos, l.event_id
from ledgerdb_next.left_out l
where (l.tx, l.pos) > ($1, $2)
  and not exists (select from ledgerdb.entries e where e.event_id = l.event_id and e.entry_id <= $3)
order by l.tx, l.pos
limit $4;

-- name: server_time
-- What time it is by the clock that dates bookings.
select clock_timestamp();

-- name: parked
-- The streams with events that the ledger leaves out on purpose.
select stream_id, since_version from ledgerdb.parked_streams where consumer = 'ledger';

-- name: chart_change
-- The last entry that the live ledger booked before each account at a PSP had accounts of its own, and when that began.
select last_entry_id, changed_at from ledgerdb.chart_changes where change = 'psp_accounts';

-- name: change_chart
-- The same change in the ledger to come: what the accounts hold there is moved, which need not be what the live ledger moved.
select ledgerdb.part_psp_accounts('ledgerdb_next', $1);

-- name: last_booked
-- The last entry of the ledger to come.
select coalesce(max(entry_id), 0) from ledgerdb_next.entries;

-- name: take_over_head
-- An operator's entry stands in no log: it is taken over as it is. Its postings follow in the same transaction.
insert into ledgerdb_next.entries
    (entry_id, event_id, livemode, kind, stream_id, effective_at, booked_at, description, source, reason, booked_by,
     clears_entry_id, late_for)
select $2, event_id, livemode, kind, stream_id, effective_at, booked_at, description, source, reason, booked_by,
    (
        select n.entry_id from ledgerdb_next.entries n
        join ledgerdb.entries c on c.event_id = n.event_id
        where c.entry_id = e.clears_entry_id
    ),
    late_for
from ledgerdb.entries e
where e.entry_id = $1;

-- name: open_its_accounts
-- The accounts of an operator's entry that are not there yet.
insert into ledgerdb_next.accounts (account_id, livemode, name, currency, type, normal_side, owner)
overriding system value
select (select coalesce(max(account_id), 0) from ledgerdb_next.accounts) + row_number() over (order by min(p.leg)),
    a.livemode, a.name, a.currency, a.type, a.normal_side, a.owner
from ledgerdb.postings p
join ledgerdb.accounts a using (account_id)
where p.entry_id = $1
  and not exists (select from ledgerdb_next.accounts n where n.livemode = a.livemode and n.name = a.name)
group by a.livemode, a.name, a.currency, a.type, a.normal_side, a.owner;

-- name: take_over_postings
-- The postings of an operator's entry, on from where its accounts stand in the ledger to come.
insert into ledgerdb_next.postings
    (entry_id, leg, account_id, side, amount_minor, currency, balance_after_minor, account_version)
select $2, p.leg, n.account_id, p.side, p.amount_minor, p.currency,
    n.balance_minor
        + sum(case p.side when n.normal_side then p.amount_minor else -p.amount_minor end)
            over (partition by n.account_id order by p.leg),
    n.version + row_number() over (partition by n.account_id order by p.leg)
from ledgerdb.postings p
join ledgerdb.accounts a using (account_id)
join ledgerdb_next.accounts n on n.livemode = a.livemode and n.name = a.name
where p.entry_id = $1;

-- name: note_operators_items
-- What operators' entries left on clearing; legs 5 to 8 are fees.
insert into ledgerdb_next.clearing_items
    (entry_id, account_id, kind, psp_reference, stream_id, gross_minor, fee_minor, effective_at)
select e.entry_id, p.account_id, 'correction', '', e.stream_id,
    coalesce(sum(p.debit_minor) filter (where p.leg not between 5 and 8), 0),
    coalesce(sum(p.debit_minor) filter (where p.leg between 5 and 8), 0),
    e.effective_at
from ledgerdb_next.entries e
join (
    select entry_id, leg, account_id, case side when 'debit' then amount_minor else -amount_minor end as debit_minor
    from ledgerdb_next.postings
) p using (entry_id)
join ledgerdb_next.accounts a using (account_id)
where e.source = 'operator' and a.name ~ '^psp:[^:]+(:[^:]+)?:clearing:'
group by e.entry_id, p.account_id;

-- name: move_items
-- What was left on retired accounts is on those that took over what they held.
select ledgerdb.move_clearing_items('ledgerdb_next');

-- name: last_sealed
-- The last entry of the days that are sealed.
select coalesce(max(last_entry_id), 0) from ledgerdb.sealed_days;

-- name: first_reconciled
-- The first entry from $1 on that a run of reconciliation has seen, and that is another one in the ledger to come, or none.
select e.entry_id
from ledgerdb.entries e
left join ledgerdb_next.entries n using (entry_id)
where e.entry_id between $1 and (select max(last_entry_id) from reconciliation.runs) and e.event_id is distinct from n.event_id
order by e.entry_id
limit 1;

-- name: wait_briefly
-- A session that books, seals or vacuums does so for a moment.
select set_config('lock_timeout', $1, true);

-- name: set_first
-- From which entry on the tail is replaced.
select set_config('fincore.first_entry_id', $1, true);

-- name: replace_tail
-- What differs is replaced, from one entry on, in the one transaction that holds all other sessions back. The triggers that
-- refuse it are switched off for this transaction alone; the rows themselves have passed them in the ledger to come.
do $$
declare
    first_id bigint := current_setting('fincore.first_entry_id')::bigint;
begin
    alter table ledgerdb.entries disable trigger user;
    alter table ledgerdb.postings disable trigger user;
    alter table ledgerdb.accounts disable trigger user;
    alter table ledgerdb.seals disable trigger user;
    alter table ledgerdb.chart_changes disable trigger user;
    alter table ledgerdb.clearing_items disable trigger user;

    delete from ledgerdb.seals where entry_id >= first_id;
    delete from ledgerdb.postings where entry_id >= first_id;
    delete from ledgerdb.entries where entry_id >= first_id;

    insert into ledgerdb.accounts (livemode, name, currency, type, normal_side, owner, is_retired, account_id)
    overriding system value
    select n.livemode, n.name, n.currency, n.type, n.normal_side, n.owner, n.is_retired,
        (select coalesce(max(account_id), 0) from ledgerdb.accounts) + row_number() over (order by n.account_id)
    from ledgerdb_next.accounts n
    where not exists (select from ledgerdb.accounts a where a.livemode = n.livemode and a.name = n.name);

    insert into ledgerdb.entries select * from ledgerdb_next.entries where entry_id >= first_id;
    insert into ledgerdb.postings
        (entry_id, leg, account_id, side, amount_minor, currency, balance_after_minor, account_version)
    select p.entry_id, p.leg, a.account_id, p.side, p.amount_minor, p.currency, p.balance_after_minor, p.account_version
    from ledgerdb_next.postings p
    join ledgerdb_next.accounts n using (account_id)
    join ledgerdb.accounts a on a.livemode = n.livemode and a.name = n.name
    where p.entry_id >= first_id;

    update ledgerdb.accounts a
    set balance_minor = coalesce(n.balance_minor, 0), version = coalesce(n.version, 0)
    from ledgerdb.accounts b
    left join ledgerdb_next.accounts n on n.livemode = b.livemode and n.name = b.name
    where b.account_id = a.account_id;

    -- Where the change of the chart lies among the entries.
    update ledgerdb.chart_changes c
    set last_entry_id = n.last_entry_id
    from ledgerdb_next.chart_changes n
    where n.change = c.change;

    -- The days and hours of accounts follow the seals: those that are left.
    delete from ledgerdb.account_days;
    insert into ledgerdb.account_days
        (account_id, day, debit_minor, credit_minor, closing_minor, first_entry_id, last_entry_id)
    select account_id, day, debit_minor, credit_minor,
        sum(net_minor) over (partition by account_id order by day), first_entry_id, last_entry_id
    from (
        select p.account_id, (e.effective_at at time zone 'UTC')::date as day,
            coalesce(sum(p.amount_minor) filter (where p.side = 'debit'), 0) as debit_minor,
            coalesce(sum(p.amount_minor) filter (where p.side = 'credit'), 0) as credit_minor,
            sum(case p.side when a.normal_side then p.amount_minor else -p.amount_minor end) as net_minor,
            min(p.entry_id) as first_entry_id, max(p.entry_id) as last_entry_id
        from ledgerdb.postings p
        join ledgerdb.entries e using (entry_id)
        join ledgerdb.accounts a using (account_id)
        where p.entry_id <= (select coalesce(max(entry_id), 0) from ledgerdb.seals)
        group by 1, 2
    ) days;

    delete from ledgerdb.account_hours;
    insert into ledgerdb.account_hours (account_id, hour, net_minor, first_entry_id, last_entry_id)
    select p.account_id, date_trunc('hour', e.effective_at, 'UTC'),
        sum(case p.side when a.normal_side then p.amount_minor else -p.amount_minor end), min(p.entry_id), max(p.entry_id)
    from ledgerdb.postings p
    join ledgerdb.entries e using (entry_id)
    join ledgerdb.accounts a using (account_id)
    where p.entry_id <= (select coalesce(max(entry_id), 0) from ledgerdb.seals)
    group by 1, 2;

    delete from ledgerdb.merchant_moves;
    insert into ledgerdb.merchant_moves (account_id, kind, entry_id)
    select distinct p.account_id, case e.source when 'operator' then 'operator' else e.kind end, e.entry_id
    from ledgerdb.entries e
    join ledgerdb.postings p using (entry_id)
    join ledgerdb.accounts a using (account_id)
    where a.name like 'merchant:%'
      and (e.kind <> 'charge.captured' or e.source = 'operator');

    delete from ledgerdb.clearing_items;
    insert into ledgerdb.clearing_items
        (account_id, psp_reference, entry_id, kind, stream_id, refund_id, gross_minor, fee_minor, effective_at)
    select a.account_id, i.psp_reference, i.entry_id, i.kind, i.stream_id, i.refund_id, i.gross_minor, i.fee_minor,
        i.effective_at
    from ledgerdb_next.clearing_items i
    join ledgerdb_next.accounts n using (account_id)
    join ledgerdb.accounts a on a.livemode = n.livemode and a.name = n.name;

    alter table ledgerdb.entries enable trigger user;
    alter table ledgerdb.postings enable trigger user;
    alter table ledgerdb.accounts enable trigger user;
    alter table ledgerdb.seals enable trigger user;
    alter table ledgerdb.chart_changes enable trigger user;
    alter table ledgerdb.clearing_items enable trigger user;
end
$$;
