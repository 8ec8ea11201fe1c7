-- name: settlement_accounts
-- In one snapshot how far the ledger has followed the log, every clearing account with the sum of its items, and every account of
-- what statements say beyond them.
with place as (
    select tx, pos from ledgerdb.checkpoints where consumer = 'ledger'
),
items as (
    select account_id, sum(gross_minor + fee_minor) as items_minor from ledgerdb.clearing_items group by account_id
)
select p.tx, p.pos, a.name, a.livemode, a.owner as psp, split_part(a.name, ':', 3) as psp_account, split_part(a.name, ':', 4) as kind,
    a.currency, a.balance_minor, coalesce(i.items_minor, 0) as items_minor
from place p
cross join ledgerdb.accounts a
left join items i using (account_id)
where a.name like 'psp:%' and split_part(a.name, ':', 4) in ('clearing', 'unmatched') and not a.is_retired
order by a.livemode, a.name;

-- name: settlement_moves
-- What settlement files have moved up to a place of the log, by account at the PSP and currency: what they state that payments may
-- explain, less what a person explained of what was held before the first one, what runs matched of it, and what that took out of
-- clearing; of payments of another currency the two are in two currencies.
select (data ->> 'livemode')::boolean as livemode, data ->> 'psp' as psp, data ->> 'psp_account' as psp_account,
    currency,
    coalesce(sum(minor) filter (where type = 'settlement_file.totalled'), 0)
        - coalesce(sum(minor) filter (where type like 'adjustment.%'), 0) as stated_minor,
    coalesce(sum(minor) filter (where type = 'settlement_file.matched' or type = 'settlement_file.converted' and is_stated), 0)
        as matched_minor,
    coalesce(sum(minor) filter (where type = 'settlement_file.matched' or type = 'settlement_file.converted' and not is_stated), 0)
        as cleared_minor
from (
    select e.type, e.data, m.is_stated, m.currency, m.minor
    from eventstore.events e
    cross join lateral (values
        (true, data ->> 'currency', (data ->> 'gross_minor')::numeric + coalesce((data ->> 'fee_minor')::numeric, 0)),
        (false, data ->> 'charge_currency', (data ->> 'charge_gross_minor')::numeric)
    ) as m (is_stated, currency, minor)
    where (
            type in ('settlement_file.totalled', 'settlement_file.matched', 'settlement_file.converted')
            and data ->> 'kind' not in ('account_fee', 'conversion', 'payout', 'payout_returned')
            or type in ('adjustment.booked', 'adjustment.reversed') and data ->> 'adjusts' = 'opening'
        )
        and m.minor is not null
      and (tx, pos) <= ($1::bigint::text::xid8, $2::bigint)
) moved
group by 1, 2, 3, 4;

-- name: settlement_events
-- Every event of a file that states or matches a sum of lines. What is of before the first file has no lines.
select event_id, stream_id, type, data ->> 'file_id' as file_id, data ->> 'run_id' as run_id, data ->> 'kind' as kind,
    data ->> 'currency' as currency, (data ->> 'lines')::bigint as lines, (data ->> 'gross_minor')::bigint as gross_minor,
    (data ->> 'fee_minor')::bigint as fee_minor, data ->> 'charge_currency' as charge_currency,
    (data ->> 'charge_gross_minor')::bigint as charge_gross_minor, coalesce((data ->> 'realised_minor')::bigint, 0) as realised_minor
from eventstore.events
where type in ('settlement_file.totalled', 'settlement_file.matched', 'settlement_file.converted')
  and data ->> 'kind' not in ('opening', 'opening_return')
order by tx, pos;

-- name: matches_of_events
-- What is matched for some events, each by run, file, kind and currency. A line counts in the first run that matched a part of it.
select w.place,
    count(distinct l.line_no) filter (where not exists (
        select from reconciliation.matches o where o.line_no = l.line_no and o.run_no < r.run_no
    )) as lines,
    coalesce(sum(l.gross_minor) filter (where m.part = 'gross'), 0)::bigint as gross_minor,
    coalesce(sum(l.fee_minor) filter (where m.part = 'fee'), 0)::bigint as fee_minor
from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality as w (run_id, file_id, kind, currency, place)
join reconciliation.runs r using (run_id)
join reconciliation.lines l on l.file_id = w.file_id and l.kind = w.kind and l.currency = w.currency
join reconciliation.matches m on m.line_no = l.line_no and m.run_no = r.run_no and m.rule not like 'converted\_%'
group by w.place;

-- name: conversions_of_events
-- The same for events of what was matched across currencies, each by run, file, kind and the two currencies. A line counts here unless a
-- part of it is matched in one currency. Conversions by lines of their own have no match: their pairs count, in the file of the later line.
select w.place,
    count(*) filter (where not exists (
        select from reconciliation.matches o where o.line_no = l.line_no and o.rule not like 'converted\_%' and o.run_no <= r.run_no
    )) as lines,
    sum(l.gross_minor)::bigint as gross_minor, sum(l.presentment_minor)::bigint as charge_gross_minor,
    (
        select t.realised_minor
        from reconciliation.converted_totals t
        where (t.run_no, t.file_id, t.kind, t.currency, t.charge_currency)
            = (min(r.run_no), min(w.file_id), min(w.kind), min(w.currency), min(w.charge_currency))
    ) as realised_minor
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) with ordinality
    as w (run_id, file_id, kind, currency, charge_currency, place)
join reconciliation.runs r using (run_id)
join reconciliation.lines l
    on l.file_id = w.file_id and l.kind = w.kind and l.currency = w.currency and l.presentment_currency = w.charge_currency
join reconciliation.matches m on m.line_no = l.line_no and m.run_no = r.run_no and m.rule like 'converted\_%'
group by w.place
union all
select w.place, 0, sum(case when w.currency = p.in_currency then p.in_minor else p.out_minor end)::bigint,
    -sum(case when w.currency = p.in_currency then p.out_minor else p.in_minor end)::bigint, min(t.realised_minor)
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) with ordinality
    as w (run_id, file_id, kind, currency, charge_currency, place)
join reconciliation.runs r using (run_id)
join reconciliation.matched_files m on m.file_id = w.file_id and m.run_no = r.run_no
join reconciliation.converted_totals t
    on (t.run_no, t.file_id, t.kind, t.currency, t.charge_currency) = (r.run_no, w.file_id, w.kind, w.currency, w.charge_currency)
join reconciliation.conversion_pairs p on p.file_id = w.file_id and w.kind = 'conversion'
    and ((p.out_currency, p.in_currency) = (w.charge_currency, w.currency) or (p.out_currency, p.in_currency) = (w.currency, w.charge_currency))
group by w.place;

-- name: lines_of_events
-- What the lines of a file come to, for some events, each by file, kind and currency. The fee on a payout's line is stated as the
-- account's.
select w.place, count(l.line_no) filter (where l.kind = w.kind) as lines,
    coalesce(sum(l.gross_minor) filter (where l.kind = w.kind), 0)::bigint as gross_minor,
    coalesce(sum(l.fee_minor), 0)::bigint as fee_minor
from unnest($1::text[], $2::text[], $3::text[]) with ordinality as w (file_id, kind, currency, place)
join reconciliation.lines l
    on l.file_id = w.file_id and l.currency = w.currency
    and (
        l.kind = w.kind and w.kind not in ('payout', 'payout_returned')
        or w.kind = 'account_fee' and l.kind in ('payout', 'payout_returned')
    )
group by w.place;

-- name: matched_totals
-- What runs matched that are finished: each has an event.
select r.run_id, t.file_id, t.kind, t.currency, t.charge_currency
from (
    select run_no, file_id, kind, currency, null as charge_currency from reconciliation.matched_totals
    union all
    select run_no, file_id, kind, currency, charge_currency from reconciliation.converted_totals
) t
join reconciliation.runs r using (run_no)
where r.finished_at is not null
order by t.run_no, t.file_id, t.kind, t.currency, t.charge_currency nulls first;

-- name: events_of_matches
-- Which of some totals of runs have an event, each by run, file, kind, currency and that of the charges, if it is another.
select w.place
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) with ordinality
    as w (run_id, file_id, kind, currency, charge_currency, place)
where exists (
    select
    from eventstore.events e
    where e.type = case when w.charge_currency is null then 'settlement_file.matched' else 'settlement_file.converted' end
      and e.data ->> 'charge_currency' is not distinct from w.charge_currency and e.data ->> 'run_id' = w.run_id and e.data ->> 'file_id' = w.file_id
      and e.data ->> 'kind' = w.kind and e.data ->> 'currency' = w.currency
);

-- name: booked_files
-- The files that are booked: the log has events of each.
select file_id from reconciliation.files where status = 'booked' order by file_id;

-- name: streams_of_files
-- Which of some streams the log has an event of.
select distinct stream_id from eventstore.events where stream_id = any ($1::uuid[]) and type = 'settlement_file.accepted';

-- name: unequal_matches
-- Matches of which the lines and the items do not come to the same, or of which a row is gone. Across currencies a line is what the
-- customer paid or got back, and an item is of that currency.
with sides as (
    select m.match_no, m.part, m.line_no is not null and l.line_no is null or m.entry_id is not null and i.entry_id is null as is_gone,
        case when m.part = 'fee' then l.fee_minor when m.rule like 'converted\_%' then l.presentment_minor else l.gross_minor end
            as line_minor,
        case m.part when 'gross' then i.gross_minor else i.fee_minor end as item_minor,
        case when m.rule like 'converted\_%' then l.presentment_currency else l.currency end as line_currency,
        a.currency as item_currency
    from reconciliation.matches m
    left join reconciliation.lines l on l.line_no = m.line_no
    left join ledgerdb.clearing_items i on i.entry_id = m.entry_id and i.account_id = m.account_id
    left join ledgerdb.accounts a on a.account_id = i.account_id
)
select 'match ' || match_no || ', ' || part as place,
    'its lines come to ' || coalesce(sum(line_minor)::text, 'nothing') || ' minor units, its items to '
        || coalesce(sum(item_minor)::text, 'nothing') as finding
from sides
group by match_no, part
having coalesce(sum(line_minor), 0) <> coalesce(sum(item_minor), 0) or bool_or(is_gone)
    or min(item_currency) <> min(line_currency) or max(item_currency) <> max(line_currency)
order by match_no, part;

-- name: adjustment_events
-- Every event of an adjustment.
select event_id, stream_id, type, data::text as data
from eventstore.events
where type in ('adjustment.booked', 'adjustment.reversed')
order by tx, pos;

-- name: decisions_of_events
-- What people decided, for some of these events.
select event_id, booked::text as said from reconciliation.adjustments where event_id = any ($1::uuid[])
union all
select event_id, reversed::text from reconciliation.adjustment_reversals where event_id = any ($1::uuid[]);

-- name: told_decisions
-- What people decided and the log was told.
select adjustment_id, event_id from reconciliation.adjustments where told_at is not null
union all
select adjustment_id, event_id from reconciliation.adjustment_reversals where told_at is not null
order by 1, 2;

-- name: known_events
-- Which of some events the log has.
select event_id from eventstore.events where event_id = any ($1::uuid[]);
