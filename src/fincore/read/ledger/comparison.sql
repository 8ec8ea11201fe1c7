-- name: analyze
-- What was built is large, and new to the planner.
analyze ledgerdb_next.accounts, ledgerdb_next.entries, ledgerdb_next.postings, ledgerdb_next.clearing_items;

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
select least(l.entry_id, r.entry_id) as entry_id, event_id, count(*) over () as differences,
    case
        when l.event_id is null then 'the log has it, the ledger does not'
        when r.event_id is null then 'the ledger has it, the log does not tell of it'
        when l.head is distinct from r.head then 'the head of the entry is not what its event makes'
        else 'its postings are not what its event makes'
    end as finding
from live l
full join rebuilt r using (event_id)
where l.head is distinct from r.head or l.legs is distinct from r.legs
order by least(l.entry_id, r.entry_id)
limit $2;

-- name: different_accounts
-- Accounts that are not what they were opened as, or do not stand where their last posting left them. The live ones may
-- have moved on meanwhile: each is held against its own postings.
select 'account ' || coalesce(l.name, r.name) as place,
    'is not what it was opened as, or does not stand where its last posting left it' as finding,
    count(*) over () as differences
from (
    select a.livemode, a.name, a.currency, a.type, a.normal_side, a.owner, a.is_retired,
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
       and (l.currency, l.type, l.normal_side, l.owner, l.is_retired)
           is distinct from (r.currency, r.type, r.normal_side, r.owner, r.is_retired))
order by 1
limit $2;

-- name: different_moves
-- Rows of merchant_moves that the entries do not make, and those that are missing.
with
made as (
    select distinct a.livemode, a.name, case e.source when 'operator' then 'operator' else e.kind end as kind, e.entry_id
    from ledgerdb_next.entries e
    join ledgerdb_next.postings p using (entry_id)
    join ledgerdb_next.accounts a using (account_id)
    where a.name like 'merchant:%'
      and (e.kind <> 'charge.captured' or e.source = 'operator')
),
kept as (
    select a.livemode, coalesce(a.name, 'number ' || m.account_id) as name, m.kind, m.entry_id
    from ledgerdb.merchant_moves m
    left join ledgerdb.accounts a using (account_id)
    where m.entry_id <= $1
)
select 'account ' || name || ', ' || kind || ' of entry ' || entry_id as place,
    case when m.livemode is null then 'is in merchant_moves, and no entry makes it' else 'is missing in merchant_moves' end
        as finding,
    count(*) over () as differences
from made m
full join kept k using (livemode, name, kind, entry_id)
where m.livemode is null or k.livemode is null
order by 1
limit $2;

-- name: different_items
-- Items of clearing that the events do not make, and those that are missing. Which refund an item is of is not known of those that
-- were booked before there were items. An item is on a retired account only until the one that replaced it is opened.
with
made as (
    select a.livemode, a.name, i.*
    from ledgerdb_next.clearing_items i
    join ledgerdb_next.accounts a using (account_id)
),
kept as (
    select a.livemode, coalesce(a.name, 'number ' || i.account_id) as name, i.*
    from ledgerdb.clearing_items i
    left join ledgerdb.accounts a using (account_id)
    where i.entry_id <= $1
),
placed as (
    select true as is_made, livemode, regexp_replace(name, '^(psp:[^:]+):clearing:',
        '\1:' || case when livemode then 'live' else 'test' end || ':clearing:') as name,
        entry_id, psp_reference, kind, stream_id, refund_id, gross_minor, fee_minor, effective_at
    from made
    union all
    select false, livemode, regexp_replace(name, '^(psp:[^:]+):clearing:',
        '\1:' || case when livemode then 'live' else 'test' end || ':clearing:'),
        entry_id, psp_reference, kind, stream_id, refund_id, gross_minor, fee_minor, effective_at
    from kept
)
select 'account ' || name || ', entry ' || entry_id as place,
    case
        when m.is_made is null then 'is in clearing_items, and no event makes it'
        when k.is_made is null then 'is missing in clearing_items'
        else 'differs in clearing_items from what its event makes'
    end as finding,
    count(*) over () as differences
from (select * from placed where is_made) m
full join (select * from placed where not is_made) k using (livemode, name, entry_id)
where m.is_made is null
   or k.is_made is null
   or (m.psp_reference, m.kind, m.stream_id, m.gross_minor, m.fee_minor, m.effective_at)
       is distinct from (k.psp_reference, k.kind, k.stream_id, k.gross_minor, k.fee_minor, k.effective_at)
   or k.refund_id <> m.refund_id
   or (k.refund_id is not null and m.refund_id is null)
order by 1
limit $2;

-- name: different_days
-- Days of accounts that are not what the sealed entries make. What was booked and sealed since is taken as it is.
with
sealed as (select coalesce(max(entry_id), 0) as entry_id from ledgerdb.seals),
posted as (
    select a.livemode, a.name, a.normal_side, (e.effective_at at time zone 'UTC')::date as day, p.entry_id, p.side,
        p.amount_minor
    from ledgerdb_next.postings p
    join ledgerdb_next.entries e using (entry_id)
    join ledgerdb_next.accounts a using (account_id)
    where p.entry_id <= (select entry_id from sealed)
    union all
    select a.livemode, a.name, a.normal_side, (e.effective_at at time zone 'UTC')::date, p.entry_id, p.side, p.amount_minor
    from ledgerdb.postings p
    join ledgerdb.entries e using (entry_id)
    join ledgerdb.accounts a using (account_id)
    where p.entry_id > $1 and p.entry_id <= (select entry_id from sealed)
),
made as (
    select livemode, name, day,
        coalesce(sum(amount_minor) filter (where side = 'debit'), 0) as debit_minor,
        coalesce(sum(amount_minor) filter (where side = 'credit'), 0) as credit_minor,
        sum(sum(case side when normal_side then amount_minor else -amount_minor end))
            over (partition by livemode, name order by day) as closing_minor,
        min(entry_id) as first_entry_id, max(entry_id) as last_entry_id
    from posted
    group by livemode, name, day
),
kept as (
    select a.livemode, coalesce(a.name, 'number ' || d.account_id) as name, d.day, d.debit_minor, d.credit_minor,
        d.closing_minor, d.first_entry_id, d.last_entry_id
    from ledgerdb.account_days d
    left join ledgerdb.accounts a using (account_id)
)
select 'account ' || name || ', ' || day as place,
    case
        when m.livemode is null then 'is in account_days, and no sealed entry makes it'
        when k.livemode is null then 'is missing in account_days'
        else 'differs in account_days from what its postings make'
    end as finding,
    count(*) over () as differences
from made m
full join kept k using (livemode, name, day)
where m.livemode is null
   or (m.debit_minor, m.credit_minor, m.closing_minor, m.first_entry_id, m.last_entry_id)
       is distinct from (k.debit_minor, k.credit_minor, k.closing_minor, k.first_entry_id, k.last_entry_id)
order by 1
limit $2;

-- name: different_hours
-- The same of the hours of accounts.
with
sealed as (select coalesce(max(entry_id), 0) as entry_id from ledgerdb.seals),
posted as (
    select a.livemode, a.name, a.normal_side, e.effective_at, p.entry_id, p.side, p.amount_minor
    from ledgerdb_next.postings p
    join ledgerdb_next.entries e using (entry_id)
    join ledgerdb_next.accounts a using (account_id)
    where p.entry_id <= (select entry_id from sealed)
    union all
    select a.livemode, a.name, a.normal_side, e.effective_at, p.entry_id, p.side, p.amount_minor
    from ledgerdb.postings p
    join ledgerdb.entries e using (entry_id)
    join ledgerdb.accounts a using (account_id)
    where p.entry_id > $1 and p.entry_id <= (select entry_id from sealed)
),
made as (
    select livemode, name, date_trunc('hour', effective_at, 'UTC') as hour,
        sum(case side when normal_side then amount_minor else -amount_minor end) as net_minor,
        min(entry_id) as first_entry_id, max(entry_id) as last_entry_id
    from posted
    group by 1, 2, 3
),
kept as (
    select a.livemode, coalesce(a.name, 'number ' || h.account_id) as name, h.hour, h.net_minor, h.first_entry_id,
        h.last_entry_id
    from ledgerdb.account_hours h
    left join ledgerdb.accounts a using (account_id)
)
select 'account ' || name || ', ' || to_char(hour at time zone 'UTC', 'YYYY-MM-DD HH24:00') as place,
    case
        when m.livemode is null then 'is in account_hours, and no sealed entry makes it'
        when k.livemode is null then 'is missing in account_hours'
        else 'differs in account_hours from what its postings make'
    end as finding,
    count(*) over () as differences
from made m
full join kept k using (livemode, name, hour)
where m.livemode is null
   or (m.net_minor, m.first_entry_id, m.last_entry_id)
       is distinct from (k.net_minor, k.first_entry_id, k.last_entry_id)
order by 1
limit $2;

-- name: count_rows
-- What was built.
select (select count(*) from ledgerdb_next.entries) as entries, (select count(*) from ledgerdb_next.postings) as postings;
