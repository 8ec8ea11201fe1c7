-- name: lost_entries
-- The entries of adjustments since the last run, up to the entry $1 where it is given, of which this database does not know the decision.
select e.entry_id, e.stream_id, e.kind
from ledgerdb.entries e
where e.kind in ('adjustment.booked', 'adjustment.reversed') and e.source = 'event'
  and e.entry_id > coalesce((select last_entry_id from reconciliation.runs order by run_no desc limit 1), 0)
  and ($1::bigint is null or e.entry_id <= $1)
  and not exists (select from reconciliation.adjustments a where a.event_id = e.event_id)
  and not exists (select from reconciliation.adjustment_reversals r where r.event_id = e.event_id)
order by e.entry_id;

-- name: break_of_parts
-- The break that an adjustment ended: the one that is made of exactly its lines ($1 files, $2 numbers, $3 parts) and items ($4 events, $5
-- parts) on the account $6 of the mode $7; or by its subject $8, where it has neither ($9: what is adjusted).
with wanted as (
    select l.line_no, null::bigint as entry_id, null::bigint as account_id, w.part
    from unnest($1::text[], $2::int[], $3::text[]) as w (file_id, number, part)
    join reconciliation.lines l using (file_id, number)
    union all
    select null, e.entry_id, a.account_id, w.part
    from unnest($4::uuid[], $5::text[]) as w (event_id, part)
    join ledgerdb.entries e using (event_id)
    join ledgerdb.accounts a on a.name = $6 and a.livemode = $7
),
counts as (
    select p.break_id, count(*) as parts,
        count(*) filter (where exists (
            select
            from wanted w
            where w.part = p.part and w.line_no is not distinct from p.line_no and w.entry_id is not distinct from p.entry_id
              and w.account_id is not distinct from p.account_id
        )) as found
    from reconciliation.break_parts p
    group by p.break_id
)
select break_id
from counts
where parts = found and parts = cardinality($1::text[]) + cardinality($4::uuid[])
union
select break_id
from reconciliation.breaks
where $9 = 'balance' and subject = $8 and closed_by is null;

-- name: break_of_adjustment
-- The break that an adjustment ended, unless a later one is about the same subject.
select a.break_id
from reconciliation.adjustments a
join reconciliation.breaks b using (break_id)
where a.adjustment_id = $1
  and not exists (
      select from reconciliation.breaks o where o.subject = b.subject and o.break_id <> b.break_id and o.closed_by is null
  );

-- name: write_adjustment
-- What a person decided then, as the next adjustment of the break $2, or of the opening of the account $6 to $9, if it is one ($10). The log
-- has it.
insert into reconciliation.adjustments (adjustment_id, break_id, generation, event_id, booked, decided_at, told_at, counted_for)
select $1, $2, count(*) + 1, $3, $4::text::jsonb, $5, clock_timestamp(), $11
from reconciliation.adjustments a
where a.break_id = $2::bigint
   or $10 = 'opening' and a.adjusts = 'opening'
      and (a.livemode, a.psp, a.psp_account, a.currency) = ($6::boolean, $7::text, $8::text, $9::text);

-- name: write_parts
-- What it makes up for, and of how many parts that is; the columns are those of `break_of_parts`.
with written as (
    insert into reconciliation.adjustment_parts (adjustment_id, part, line_no, entry_id, account_id)
    select $1, w.part, l.line_no, null, null
    from unnest($2::text[], $3::int[], $4::text[]) as w (file_id, number, part)
    join reconciliation.lines l using (file_id, number)
    union all
    select $1, w.part, null, e.entry_id, a.account_id
    from unnest($5::uuid[], $6::text[]) as w (event_id, part)
    join ledgerdb.entries e using (event_id)
    join ledgerdb.accounts a on a.name = $7 and a.livemode = $8
    returning adjustment_id
)
select count(*) from written;

-- name: write_reversal
-- It was taken back then.
insert into reconciliation.adjustment_reversals (adjustment_id, event_id, reversed, decided_at, told_at, counted_for)
values ($1, $2, $3::text::jsonb, $4, clock_timestamp(), $5);
