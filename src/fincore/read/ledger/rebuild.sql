-- name: begin
-- A ledger to come, empty, beside the live one: its postings are judged and its accounts moved by the same law.
drop schema if exists ledgerdb_next cascade;
create schema ledgerdb_next;
create table ledgerdb_next.accounts (like ledgerdb.accounts including all);
create table ledgerdb_next.entries (like ledgerdb.entries including all);
create table ledgerdb_next.postings (like ledgerdb.postings including all);
create trigger postings_balance
    after insert on ledgerdb_next.postings
    referencing new table as posted
    for each statement execute function ledgerdb.refuse_unbalanced();

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

-- name: booked_in_live
-- Which of some events the live ledger has.
select event_id from ledgerdb.entries where event_id = any ($1::uuid[]) and entry_id <= $2;

-- name: parked
-- The streams whose events the ledger leaves out on purpose.
select stream_id, since_version from ledgerdb.parked_streams where consumer = 'ledger';

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

-- name: differences
-- Where the two ledgers differ: entries that only one of them has, or that say different things. Numbers, running balances
-- and booking times follow from the order and are no difference by themselves.
with
live as (
    select e.event_id, e.entry_id,
        row(e.livemode, e.kind, e.stream_id, e.effective_at, e.description, e.source, e.reason, e.booked_by)::text as head,
        (
            select string_agg(p.leg || ' ' || a.name || ' ' || p.side || ' ' || p.amount_minor || ' ' || p.currency, ', '
                              order by p.leg)
            from ledgerdb.postings p left join ledgerdb.accounts a using (account_id) where p.entry_id = e.entry_id
        ) as legs
    from ledgerdb.entries e
    where e.entry_id <= $1
),
rebuilt as (
    select e.event_id, e.entry_id,
        row(e.livemode, e.kind, e.stream_id, e.effective_at, e.description, e.source, e.reason, e.booked_by)::text as head,
        (
            select string_agg(p.leg || ' ' || a.name || ' ' || p.side || ' ' || p.amount_minor || ' ' || p.currency, ', '
                              order by p.leg)
            from ledgerdb_next.postings p join ledgerdb_next.accounts a using (account_id) where p.entry_id = e.entry_id
        ) as legs
    from ledgerdb_next.entries e
)
select least(l.entry_id, r.entry_id) as entry_id, event_id,
    case
        when l.event_id is null then 'the log has it, the ledger does not'
        when r.event_id is null then 'the ledger has it, the log does not tell of it'
        when l.head is distinct from r.head then 'the head of the entry is not what its event makes'
        else 'its postings are not what its event makes'
    end as finding
from live l
full join rebuilt r using (event_id)
where l.head is distinct from r.head or l.legs is distinct from r.legs
order by least(l.entry_id, r.entry_id);

-- name: first_difference
-- The first number under which the two ledgers do not hold the same rows, running balances and versions included; null
-- where they are equal, row for row. Booking times are the live ledger's own.
select least(
    (
        select min(coalesce(l.entry_id, r.entry_id))
        from (select * from ledgerdb.entries where entry_id <= $1) l
        full join ledgerdb_next.entries r using (entry_id)
        where (l.event_id, l.livemode, l.kind, l.stream_id, l.effective_at, l.description, l.source, l.reason, l.booked_by,
               l.clears_entry_id)
            is distinct from (r.event_id, r.livemode, r.kind, r.stream_id, r.effective_at, r.description, r.source, r.reason,
               r.booked_by, r.clears_entry_id)
    ),
    (
        select min(coalesce(l.entry_id, r.entry_id))
        from (
            select p.*, a.name from ledgerdb.postings p left join ledgerdb.accounts a using (account_id)
            where p.entry_id <= $1
        ) l
        full join (
            select p.*, a.name from ledgerdb_next.postings p join ledgerdb_next.accounts a using (account_id)
        ) r using (entry_id, leg)
        where (l.name, l.side, l.amount_minor, l.currency, l.balance_after_minor, l.account_version)
            is distinct from (r.name, r.side, r.amount_minor, r.currency, r.balance_after_minor, r.account_version)
    )
);

-- name: different_accounts
-- Accounts that are not what they were opened as, or do not stand where their last posting left them. The live ones may
-- have moved on meanwhile: each is held against its own postings.
select 'account ' || coalesce(l.name, r.name) as place
from (
    select a.livemode, a.name, a.currency, a.type, a.normal_side, a.owner,
        (a.balance_minor, a.version) is distinct from (coalesce(p.balance_after_minor, 0), coalesce(p.account_version, 0))
            as strayed,
        exists (
            select from ledgerdb.postings u where u.account_id = a.account_id and u.entry_id <= $1
        ) as is_used
    from ledgerdb.accounts a
    left join lateral (
        select balance_after_minor, account_version from ledgerdb.postings
        where account_id = a.account_id order by entry_id desc, leg desc limit 1
    ) p on true
) l
full join ledgerdb_next.accounts r on r.livemode = l.livemode and r.name = l.name
where coalesce(l.strayed, true)
   or l.is_used is distinct from (r.name is not null)
   or (r.name is not null
       and (l.currency, l.type, l.normal_side, l.owner) is distinct from (r.currency, r.type, r.normal_side, r.owner))
order by 1;

-- name: count_rows
-- What was built.
select (select count(*) from ledgerdb_next.entries) as entries, (select count(*) from ledgerdb_next.postings) as postings;

-- name: take_turn
-- Nobody books from here on, until the transaction ends.
select from ledgerdb.checkpoints where consumer = 'ledger' for update;

-- name: last_sealed
-- The last entry of the days that are sealed.
select coalesce(max(last_entry_id), 0) from ledgerdb.sealed_days;

-- name: wait_briefly
-- Whoever reads the tables keeps them for a moment.
set local lock_timeout = '10s';

-- name: set_first
-- From which entry on the tail is replaced.
select set_config('fincore.first_entry_id', $1, true);

-- name: replace_tail
-- What differs is replaced, from one entry on, in the one transaction that holds everybody else back. The triggers that
-- refuse it are switched off for this transaction alone; the rows themselves have passed them in the ledger to come.
do $$
declare
    first_id bigint := current_setting('fincore.first_entry_id')::bigint;
begin
    alter table ledgerdb.entries disable trigger user;
    alter table ledgerdb.postings disable trigger user;
    alter table ledgerdb.accounts disable trigger user;
    alter table ledgerdb.seals disable trigger user;

    delete from ledgerdb.seals where entry_id >= first_id;
    delete from ledgerdb.postings where entry_id >= first_id;
    delete from ledgerdb.entries where entry_id >= first_id;

    insert into ledgerdb.accounts (livemode, name, currency, type, normal_side, owner, account_id)
    overriding system value
    select n.livemode, n.name, n.currency, n.type, n.normal_side, n.owner,
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

    -- The days of accounts follow the seals: those that are left.
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

    alter table ledgerdb.entries enable trigger user;
    alter table ledgerdb.postings enable trigger user;
    alter table ledgerdb.accounts enable trigger user;
    alter table ledgerdb.seals enable trigger user;
end
$$;
