-- name: stage_adjusting
-- The open items that adjustments left, each with its adjustment, and whether it is the reversal's. One of which the adjustment is not
-- known here has none: the database was set back.
create temporary table adjusting on commit drop as
select distinct w.entry_id, w.account_id, a.adjustment_id, r.adjustment_id is not null as is_reversal
from staged_items w
join ledgerdb.entries e using (entry_id)
left join reconciliation.adjustment_reversals r on r.event_id = e.event_id
left join reconciliation.adjustments a on a.event_id = e.event_id or a.adjustment_id = r.adjustment_id
where w.family = 'adjustment';

-- name: name_adjusted
-- A break of what an adjustment left is to name the adjustment.
update staged_items w
set reference = g.adjustment_id
from adjusting g
where g.entry_id = w.entry_id and g.account_id = w.account_id;

-- name: place_reversals
-- The reversal of an adjustment that was matched stands for what it was matched with: a statement, or an event, may show that yet. A line
-- that repeats another one is explained by neither, so that the reversal of its adjustment stands alone. $1, $2: the families of items;
-- $3, $4: of lines.
with reversed as (
    select g.entry_id, g.account_id, g.adjustment_id
    from adjusting g
    join reconciliation.adjustments a using (adjustment_id)
    where g.is_reversal and a.booked ->> 'break_class' is distinct from 'duplicate'
      and not exists (select from adjusting o where o.adjustment_id = g.adjustment_id and not o.is_reversal)
),
stood_for as (
    select distinct on (v.entry_id, v.account_id) v.entry_id, v.account_id, i.stream_id, nullif(i.psp_reference, '') as reference,
        f.family
    from reversed v
    join reconciliation.adjustment_parts p using (adjustment_id)
    left join reconciliation.lines l on l.line_no = p.line_no
    left join unnest($3::text[], $4::text[]) as k (kind, family) on k.kind = l.kind
    join ledgerdb.clearing_items i
        on i.entry_id = p.entry_id and i.account_id = p.account_id
        or i.account_id = v.account_id and i.psp_reference <> '' and i.psp_reference = any ((l.about || l.psp_reference) collate "default")
    join unnest($1::text[], $2::text[]) as f (kind, family) on f.kind = i.kind
    where i.kind <> 'adjustment' and (l.line_no is null or f.family = k.family)
    order by v.entry_id, v.account_id, p.entry_id nulls last, i.entry_id
)
update staged_items w
set stream_id = s.stream_id, reference = s.reference, family = s.family
from stood_for s
where s.entry_id = w.entry_id and s.account_id = w.account_id;

-- name: has_adjusting
-- Whether there is any.
select exists (select from adjusting);

-- name: match_adjusted
-- Match what an adjustment makes equal with what it left on clearing: exactly the parts of lines and items that it was booked for, where
-- every one of them is open still. $1 is the run.
with members as (
    select g.adjustment_id, p.part, null::bigint as line_no, p.entry_id, p.account_id, 0::bigint as line_minor, p.amount_minor as item_minor
    from adjusting g
    join item_parts p using (entry_id, account_id)
    where not g.is_reversal and not exists (
        select from reconciliation.adjustment_reversals r where r.adjustment_id = g.adjustment_id
    )
    union all
    select g.adjustment_id, a.part, l.line_no, i.entry_id, i.account_id, coalesce(l.amount_minor, 0), coalesce(i.amount_minor, 0)
    from adjusting g
    join reconciliation.adjustment_parts a using (adjustment_id)
    left join line_parts l on l.line_no = a.line_no and l.part = a.part
    left join item_parts i on i.entry_id = a.entry_id and i.account_id = a.account_id and i.part = a.part
    where not g.is_reversal
),
sums as (
    select adjustment_id, part, sum(line_minor) = sum(item_minor) as is_equal, bool_and(line_no is not null or entry_id is not null) as is_open,
        array_agg(line_no order by line_no) filter (where line_no is not null) as line_nos,
        array_agg(entry_id order by entry_id) filter (where entry_id is not null) as entry_ids, min(account_id) as account_id
    from members
    group by adjustment_id, part
),
whole as (
    select adjustment_id from sums group by adjustment_id having bool_and(is_equal and is_open)
),
written as (
    insert into reconciliation.matches (match_no, part, run_no, rule, line_no, entry_id, account_id)
    select coalesce(s.line_nos[1], -s.entry_ids[cardinality(s.entry_ids)]), s.part, $1, 'adjusted', p.line_no, p.entry_id,
        case when p.entry_id is not null then s.account_id end
    from sums s
    join whole using (adjustment_id)
    cross join lateral unnest(s.line_nos, s.entry_ids) as p (line_no, entry_id)
    returning line_no, entry_id, account_id, part
),
told as (
    delete from line_parts p using written w where w.line_no = p.line_no and w.part = p.part
)
delete from item_parts p
using written w
where w.entry_id = p.entry_id and w.account_id = p.account_id and w.part = p.part;

-- name: match_reversed
-- Match what a reversal takes back with what it was: items of one group that come to nothing together, no line among them. $1 is the run.
with sums as (
    select p.part, p.account_id, array_agg(p.entry_id order by p.entry_id) as entry_ids
    from item_parts p
    where p.scope_no is not null
    group by p.part, p.account_id, p.grouped
    having count(*) > 1 and sum(p.amount_minor) = 0
        and bool_or(exists (
            select from adjusting g where g.entry_id = p.entry_id and g.account_id = p.account_id and g.is_reversal
        ))
        and not exists (select from line_parts l where l.grouped = p.grouped and l.part = p.part)
),
written as (
    insert into reconciliation.matches (match_no, part, run_no, rule, entry_id, account_id)
    select -s.entry_ids[cardinality(s.entry_ids)], s.part, $1, 'reversed', e.entry_id, s.account_id
    from sums s
    cross join lateral unnest(s.entry_ids) as e (entry_id)
    returning entry_id, account_id, part
)
delete from item_parts p
using written w
where w.entry_id = p.entry_id and w.account_id = p.account_id and w.part = p.part;

-- name: stage_reversal_groups
-- The breaks that go on with the reversal of their adjustment, by the group that this is in, with what of the group the reversal makes.
create temporary table reversal_groups on commit drop as
select p.scope_no, p.grouped, p.currency, o.subject like '%:fee' as is_fee, array_agg(distinct o.subject) as subjects,
    min(o.class) as class, -sum(p.amount_minor)::bigint as amount_minor
from adjusting g
join item_parts p using (entry_id, account_id)
join reconciliation.adjustments a using (adjustment_id)
join reconciliation.breaks o on o.break_id = a.break_id
where g.is_reversal and (p.part = 'fee' or o.subject not like '%:fee')
group by p.scope_no, p.grouped, p.currency, o.subject like '%:fee';

-- name: stage_break_groups
-- The group that each break of the run $1 is, in one currency, and which parts of it. Sums have one key, as in `match_equal`.
create temporary table break_groups on commit drop as
select distinct b.break_id, p.part, array[f.scope_no::text, f.currency, p.part, f.grouped] collate "C" as key
from found_breaks f
join found_subjects s using (place)
join reconciliation.breaks b on b.subject = s.subject and b.seen_by = $1 and b.closed_by is null
cross join lateral (values ('gross', f.takes_gross), ('fee', f.takes_fee)) as p (part, is_taken)
where f.grouped is not null and p.is_taken;

-- name: analyze_break_groups
-- Plans for a million groups are not those for ten.
analyze break_groups, shown_items;

-- name: drop_break_parts
-- The parts of breaks are those of this run.
delete from reconciliation.break_parts;

-- name: keep_break_parts
-- What makes each of these breaks.
insert into reconciliation.break_parts (break_id, part, line_no, entry_id, account_id)
select g.break_id, g.part, l.line_no, null::bigint, null::bigint
from break_groups g
join (
    select array[scope_no::text, currency, part, grouped] collate "C" as key, line_no from line_parts
) l using (key)
union all
select g.break_id, g.part, null, i.entry_id, i.account_id
from break_groups g
join (
    select array[scope_no::text, currency, part, grouped] collate "C" as key, entry_id, account_id from shown_items
) i using (key);
