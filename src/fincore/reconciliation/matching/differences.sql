-- name: stage_shown_items
-- The items that breaks are made of. An item alone is one of them once it is due: its line would have come by the end of what statements
-- cover, or its amount has its line, and the fee has not. No line will ever come for what a person adjusted.
create temporary table shown_items on commit drop as
with due as (
    select p.*,
        p.counts_from >= p.covered_from and p.counts_from < p.covered_until
        or p.part = 'fee' and exists (
            select
            from ledgerdb.clearing_items o
            join reconciliation.matches m on m.entry_id = o.entry_id and m.account_id = o.account_id and m.part = 'gross'
            where o.account_id = p.account_id and o.psp_reference = p.reference
        )
        or exists (select from adjusting g where g.entry_id = p.entry_id and g.account_id = p.account_id) as is_due
    from item_parts p
    where p.scope_no is not null
)
select scope_no, grouped, currency, family, part, amount_minor, entry_id, account_id, stream_id, reference
from due d
where d.is_due
   or exists (select from line_parts l where l.scope_no = d.scope_no and l.stream_id = d.stream_id and l.grouped = d.grouped);

-- name: read_differences
-- What did not match, by group and currency, each group's rows together.
with stated as (
    select scope_no, grouped, currency, family, part, amount_minor, line_no, null::bigint as entry_id, null::bigint as account_id,
        stream_id, reference, is_duplicate, currency is not distinct from charge_currency as is_converted
    from line_parts
    union all
    select scope_no, grouped, currency, family, part, amount_minor, null, entry_id, account_id,
        case when family <> 'adjustment' then stream_id end, reference, false, false
    from shown_items
)
select scope_no, grouped, currency, coalesce(min(family) filter (where entry_id is not null), min(family)) as family,
    count(line_no) filter (where part = 'gross') as gross_lines,
    coalesce(sum(amount_minor) filter (where part = 'gross' and line_no is not null), 0) as gross_line_minor,
    count(entry_id) filter (where part = 'gross') as gross_items,
    coalesce(sum(amount_minor) filter (where part = 'gross' and entry_id is not null), 0) as gross_item_minor,
    count(line_no) filter (where part = 'fee') as fee_lines,
    coalesce(sum(amount_minor) filter (where part = 'fee' and line_no is not null), 0) as fee_line_minor,
    count(entry_id) filter (where part = 'fee') as fee_items,
    coalesce(sum(amount_minor) filter (where part = 'fee' and entry_id is not null), 0) as fee_item_minor,
    bool_or(is_duplicate) as is_duplicate, bool_or(is_converted) as is_converted, min(line_no) as line_no, min(entry_id) as entry_id,
    (array_agg(account_id order by entry_id) filter (where entry_id is not null))[1] as account_id,
    (array_agg(stream_id) filter (where stream_id is not null))[1] as stream_id, min(reference) as reference
from stated
group by scope_no, grouped, currency
order by scope_no, grouped, currency;

-- name: stage_breaks
-- The breaks that this run finds. `subjects` are the names under which one may be known: of its first line, of its first item. Of a group
-- of lines and items it takes the gross amounts, the fees, or both.
create temporary table found_breaks (
    place bigint generated always as identity, class text not null, scope_no int not null, currency text, amount_minor bigint,
    subjects text[] not null, line_no bigint, entry_id bigint, account_id bigint, file_id text, stream_id uuid, reference text,
    grouped text, takes_gross boolean, takes_fee boolean
) on commit drop;

-- name: find_breaks
-- Some of them. A break of which the adjustment was reversed goes on with the reversal, and is of its class while it is that alone.
insert into found_breaks
    (class, scope_no, currency, amount_minor, subjects, line_no, entry_id, account_id, file_id, stream_id, reference, grouped,
     takes_gross, takes_fee)
select case when r.amount_minor = b.amount_minor and b.line_no is null then r.class else b.class end, b.scope_no, b.currency,
    b.amount_minor, array_remove(array[b.subject_a, b.subject_b], null) || coalesce(r.subjects, '{}'), b.line_no,
    b.entry_id, b.account_id, l.file_id, b.stream_id, coalesce(b.reference, l.psp_reference), b.grouped, b.takes_gross, b.takes_fee
from unnest(
    $1::text[], $2::int[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[],
    $10::uuid[], $11::text[], $12::text[], $13::boolean[], $14::boolean[]
) with ordinality as b (class, scope_no, currency, amount_minor, subject_a, subject_b, line_no, entry_id, account_id, stream_id, reference,
    grouped, takes_gross, takes_fee, place)
left join reconciliation.lines l on l.line_no = b.line_no
left join reversal_groups r
    on r.scope_no = b.scope_no and r.grouped = b.grouped and r.currency = b.currency and r.is_fee = (b.subject_a like '%:fee')
order by b.place;

-- name: take_turn_with_breaks
-- People act on breaks before this or after the run, so that what it writes stands on their actions.
select pg_advisory_xact_lock(hashtext('fincore.reconciliation.breaks'));

-- name: stage_subjects
-- Each name under which a break that this run finds may be known, in a row of its own: joined by equality.
create temporary table found_subjects on commit drop as
select distinct f.place, s.subject from found_breaks f cross join lateral unnest(f.subjects) as s (subject);

-- name: analyze_subjects
-- Plans for a million breaks are not those for ten.
analyze found_breaks, found_subjects;

-- name: stage_known_breaks
-- Breaks of before that this run finds again: what they are may have changed. Of two that have become one, the older goes on.
create temporary table known_breaks on commit drop as
select distinct on (s.place) s.place, b.break_id
from found_subjects s
join reconciliation.breaks b on b.subject = s.subject and b.closed_by is null
order by s.place, b.break_id;

-- name: reopen_breaks
-- Of these, those that a person closed, and those of which the reason or the claim was about another amount or class. $1 is the run.
insert into reconciliation.break_actions
    (break_id, action_no, action, status_before, status, run_no, actor, owner, reason)
select b.break_id, b.action_no + 1, case when b.closed_at is null then 'change' else 'find_again' end, b.status, 'open', $1,
    'reconciliation', b.owner,
    case
        when b.class <> k.class then format('it is %s now, and was %s', k.class, b.class)
        when b.currency is distinct from k.currency then format('it is in %s now, and was in %s', upper(k.currency), upper(b.currency))
        when b.amount_minor is distinct from k.amount_minor
            then format('it comes to %s minor units now, and came to %s', k.amount_minor, b.amount_minor)
        else 'it is not gone'
    end
from (
    select distinct on (n.break_id) n.break_id, f.class, f.currency, f.amount_minor
    from known_breaks n
    join found_breaks f using (place)
    order by n.break_id, n.place
) k
join reconciliation.breaks b using (break_id)
where b.closed_at is not null
   or b.status <> 'open' and (b.class, b.currency, b.amount_minor) is distinct from (k.class, k.currency, k.amount_minor)
order by b.break_id;

-- name: keep_known_breaks
-- What the known ones are now.
update reconciliation.breaks b
set class = k.class, currency = k.currency, amount_minor = k.amount_minor, seen_by = $1
from (
    select distinct on (n.break_id) n.break_id, f.class, f.currency, f.amount_minor
    from known_breaks n
    join found_breaks f using (place)
    order by n.break_id, n.place
) k
where b.break_id = k.break_id;

-- name: keep_new_breaks
-- Breaks that no run has seen.
insert into reconciliation.breaks
    (class, livemode, psp, psp_account, currency, amount_minor, subject, line_no, entry_id, account_id, file_id, stream_id,
     reference, opened_at, opened_by, seen_by)
select f.class, s.livemode, s.psp, s.psp_account, f.currency, f.amount_minor, f.subjects[1], f.line_no, f.entry_id, f.account_id,
    f.file_id, f.stream_id, f.reference, r.cut_off, $1, $1
from found_breaks f
join scopes s using (scope_no)
join reconciliation.runs r on r.run_no = $1
where not exists (select from known_breaks k where k.place = f.place)
order by f.place
returning break_id;

-- name: stage_closed_breaks
-- Breaks that are no more: the missing side came and is equal. One of which the amount is still open has become part of another's, which
-- goes on, and which this run has seen; where there is none, such as of an item that no statement covers any more, it stays as it is. $1 is
-- the run. So does that of a late file while none came from its source, also where the source is declared no more.
create temporary table closed_breaks on commit drop as
with closed as (
    select b.break_id, b.line_no, b.entry_id, b.account_id, w.part, case w.part when 'fee' then ':fee' else '' end as suffix
    from reconciliation.breaks b
    cross join lateral (values (case when b.subject like '%:fee' then 'fee' else 'gross' end)) as w (part)
    where b.closed_at is null and b.seen_by <> $1 and (
        b.class <> 'file_late' or exists (
            select
            from last_arrivals a
            where a.source = b.reference and a.arrival_no > split_part(b.subject, ':', 3)::bigint
        )
    )
),
open_members as (
    select c.break_id, c.suffix, p.scope_no, p.grouped from closed c join line_parts p on p.line_no = c.line_no and p.part = c.part
    union
    select c.break_id, c.suffix, p.scope_no, p.grouped
    from closed c
    join item_parts p on p.entry_id = c.entry_id and p.account_id = c.account_id and p.part = c.part
),
subjects as (
    select m.break_id, 'line:' || p.line_no || m.suffix as subject from open_members m join line_parts p using (scope_no, grouped)
    union
    select m.break_id, 'item:' || p.entry_id || ':' || p.account_id || m.suffix from open_members m join item_parts p using (scope_no, grouped)
)
select c.break_id, o.break_id is not null as is_open, g.goes_on
from closed c
left join (select distinct break_id from open_members) o using (break_id)
left join (
    select s.break_id, min(b.break_id) as goes_on
    from subjects s
    join reconciliation.breaks b on b.subject = s.subject and b.closed_by is null and b.seen_by = $1
    group by s.break_id
) g using (break_id)
where o.break_id is null or g.goes_on is not null;

-- name: close_breaks
-- Them, with the break that goes on where one does.
insert into reconciliation.break_actions
    (break_id, action_no, action, status_before, status, run_no, actor, owner, other_break)
select b.break_id, b.action_no + 1, case when c.is_open then 'merge' else 'match' end, b.status,
    case when c.is_open then 'merged' else 'matched_late' end, $1, 'reconciliation', b.owner, c.goes_on
from closed_breaks c
join reconciliation.breaks b using (break_id)
order by b.break_id;

-- name: keep_owners
-- A break that goes on without an owner keeps that of the oldest one that became part of it.
insert into reconciliation.break_actions
    (break_id, action_no, action, status_before, status, run_no, actor, owner, other_break)
select distinct on (b.break_id) b.break_id, b.action_no + 1, 'assign', b.status, b.status, $1, 'reconciliation', m.owner, m.break_id
from closed_breaks c
join reconciliation.breaks m on m.break_id = c.break_id and m.owner is not null
join reconciliation.breaks b on b.break_id = c.goes_on and b.owner is null
order by b.break_id, m.break_id;

-- name: confirm_closed_breaks
-- Breaks that people closed, and that are gone.
update reconciliation.breaks set closed_by = $1 where closed_at is not null and closed_by is null and seen_by <> $1;
