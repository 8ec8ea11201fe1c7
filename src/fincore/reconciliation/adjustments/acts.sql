-- name: take_turn
-- Wait for a run that matches, $1 at most; the next one begins after the end of this transaction.
select set_config('lock_timeout', $1, true), pg_advisory_xact_lock_shared(hashtext('fincore.reconciliation.matching'));

-- name: take_turn_of_person
-- One adjustment of the person who is counted as $1 after the other, so that limits count all of them.
select pg_advisory_xact_lock(hashtext('fincore.reconciliation.adjustments:' || $1::text));

-- name: take_turn_of_opening
-- One adjustment of what an account held in a currency before its first statement after the other.
select pg_advisory_xact_lock(hashtext('fincore.reconciliation.openings:' || $1::text));

-- name: server_time
-- When it is decided, by the clock that dates runs and actions.
select clock_timestamp();

-- name: found_break
-- A break as the last run left it. Its subject is named as the log and files name it: the numbers of lines and entries are those of this
-- database, and a record that is derived anew has others.
select b.class, r.run_id, b.psp, b.psp_account, b.livemode, b.currency, b.amount_minor, b.stream_id, b.reference,
    case
        when b.subject like 'line:%' then concat_ws(':', 'line', l.file_id, l.number)
        when b.subject like 'item:%' then concat_ws(':', 'item', e.event_id, a.name)
        else b.subject
    end || case when b.subject ~ '^(line|item):.*:fee$' then ':fee' else '' end as subject
from reconciliation.breaks b
join reconciliation.runs r on r.run_no = b.opened_by
left join reconciliation.lines l on l.line_no = b.line_no
left join ledgerdb.entries e on e.entry_id = b.entry_id
left join ledgerdb.accounts a on a.account_id = b.account_id
where b.break_id = $1;

-- name: parts_of_break
-- The parts of lines and of items that a break is made of, $2 at most.
select p.part, p.line_no, p.entry_id, p.account_id, l.file_id, l.number, e.event_id,
    case p.part when 'gross' then coalesce(l.gross_minor, i.gross_minor) else coalesce(l.fee_minor, i.fee_minor) end as amount_minor
from reconciliation.break_parts p
left join reconciliation.lines l on l.line_no = p.line_no
left join ledgerdb.clearing_items i on i.entry_id = p.entry_id and i.account_id = p.account_id
left join ledgerdb.entries e on e.entry_id = p.entry_id
where p.break_id = $1
order by p.part, p.line_no, p.entry_id, p.account_id
limit $2;

-- name: adjustments_of_break
-- What was booked to end a break, the last one first, and whether it was taken back.
select a.adjustment_id, a.kind, a.decided_by, a.booked ->> 'reason' as reason, a.booked::text as booked, r.adjustment_id is not null as is_reversed
from reconciliation.adjustments a
left join reconciliation.adjustment_reversals r using (adjustment_id)
where a.break_id = $1
order by a.generation desc;

-- name: adjustment_of_proposal
-- What was booked for a proposal, whether or not it was taken back since.
select booked::text from reconciliation.adjustments where booked #>> '{staff,agreement,proposal_id}' = $1;

-- name: adjustment_of_request
-- What was booked for the request $1 of one person, whether or not it was taken back since.
select booked::text from reconciliation.adjustments where booked #>> '{staff,request}' = $1;

-- name: reversal_of_proposal
-- What was taken back for a proposal.
select adjustment_id from reconciliation.adjustment_reversals where reversed #>> '{staff,agreement,proposal_id}' = $1;

-- name: write_adjustment
-- An adjustment of the break $2, which is null for an opening, with what it is booked by.
insert into reconciliation.adjustments (adjustment_id, break_id, generation, event_id, booked, decided_at, counted_for)
values ($1, $2, $3, $4, $5::text::jsonb, $6, $7);

-- name: write_parts
-- What it makes up for is what the break $2 is made of.
insert into reconciliation.adjustment_parts (adjustment_id, part, line_no, entry_id, account_id)
select $1, part, line_no, entry_id, account_id from reconciliation.break_parts where break_id = $2;

-- name: known_adjustment
-- An adjustment, and how its break and its reversal stand. `is_followed`: a later break is about the same subject, and goes on.
select a.break_id, a.booked::text as booked, r.reversed::text as reversed,
    exists (
        select
        from reconciliation.breaks b
        join reconciliation.breaks o on o.subject = b.subject and o.break_id <> b.break_id and o.closed_by is null
        where b.break_id = a.break_id
    ) as is_followed
from reconciliation.adjustments a
left join reconciliation.adjustment_reversals r using (adjustment_id)
where a.adjustment_id = $1;

-- name: write_reversal
-- It is taken back.
insert into reconciliation.adjustment_reversals (adjustment_id, event_id, reversed, decided_at, counted_for)
values ($1, $2, $3::text::jsonb, $4, $5);

-- name: opening
-- What an account held in a currency before its first statement, by the files that were taken up, how much of that was explained, and how
-- often it was.
select
    (
        select coalesce(sum(o.balance_minor), 0)
        from reconciliation.openings o
        join reconciliation.files f using (file_id)
        where f.livemode = $1 and f.psp = $2 and f.psp_account = $3 and o.currency = $4 and f.status = 'booked'
    )::numeric as held_minor,
    coalesce(sum(a.gross_minor) filter (where not exists (
        select from reconciliation.adjustment_reversals r where r.adjustment_id = a.adjustment_id
    )), 0)::numeric as explained_minor,
    count(*) as generations
from reconciliation.adjustments a
where a.adjusts = 'opening' and a.livemode = $1 and a.psp = $2 and a.psp_account = $3 and a.currency = $4;

-- name: last_of_opening
-- The last adjustment of it.
select a.booked::text as booked, exists (
        select from reconciliation.adjustment_reversals r where r.adjustment_id = a.adjustment_id
    ) as is_reversed
from reconciliation.adjustments a
where a.adjusts = 'opening' and a.livemode = $1 and a.psp = $2 and a.psp_account = $3 and a.currency = $4
order by a.generation desc
limit 1;

-- name: untold
-- What the log may lack, of the adjustment $1 alone where it is given: the command that decided it died, the log could not be reached, or it
-- was set back since. Adjustments come before reversals.
select d.adjustment_id, d.event, d.is_reversal
from (
    select adjustment_id, booked::text as event, false as is_reversal, event_id, decided_at, told_at
    from reconciliation.adjustments
    union all
    select adjustment_id, reversed::text, true, event_id, decided_at, told_at
    from reconciliation.adjustment_reversals
) d
where ($1::text is null or d.adjustment_id = $1)
  and (d.told_at is null or not exists (select from ledgerdb.entries e where e.event_id = d.event_id))
order by d.is_reversal, d.decided_at, d.adjustment_id;

-- name: told
-- The log has it.
update reconciliation.adjustments set told_at = clock_timestamp() where adjustment_id = $1 and told_at is null;

-- name: told_reversal
-- The same of a reversal.
update reconciliation.adjustment_reversals set told_at = clock_timestamp() where adjustment_id = $1 and told_at is null;

-- name: told_otherwise
-- The log has it as $2, decided at $3, and that counts.
update reconciliation.adjustments
set booked = $2::text::jsonb, decided_at = $3, counted_for = $4, told_at = clock_timestamp()
where adjustment_id = $1 and told_at is null;

-- name: break_to_correct
-- The break that the adjustment $1 ended, where it is closed by it as something else than the record says now.
select b.break_id
from reconciliation.adjustments a
join reconciliation.breaks b using (break_id)
where a.adjustment_id = $1 and b.status = case a.kind when 'adjustment' then 'written_off' else 'adjusted' end
  and not exists (
      select from reconciliation.adjustments o where o.break_id = a.break_id and o.generation > a.generation
  );

-- name: told_reversal_otherwise
-- The same of a reversal.
update reconciliation.adjustment_reversals
set reversed = $2::text::jsonb, decided_at = $3, counted_for = $4, told_at = clock_timestamp()
where adjustment_id = $1 and told_at is null;

-- name: list_adjustments
-- Adjustments of the mode $1, those decided last first, $2 at most; of those after the adjustment $3 in this order, and of the break $4, where
-- these are given.
select a.adjustment_id, a.break_id, a.kind, a.adjusts, a.psp, a.psp_account, a.currency, a.gross_minor, a.fee_minor, a.decided_by as by,
    a.booked ->> 'reason' as reason, a.booked ->> 'break_class' as break_class, a.decided_at, a.told_at, r.decided_by as reversed_by,
    r.reversed ->> 'reason' as reversed_for, r.decided_at as reversed_at,
    exists (
        select
        from ledgerdb.entries e
        join reconciliation.matches m using (entry_id)
        where e.event_id = a.event_id and m.rule = 'adjusted'
    ) as is_matched
from reconciliation.adjustments a
left join reconciliation.adjustment_reversals r using (adjustment_id)
where a.livemode = $1
  and ($3::text is null or (a.decided_at, a.adjustment_id) < (
      select o.decided_at, o.adjustment_id from reconciliation.adjustments o where o.adjustment_id = $3
  ))
  and ($4::bigint is null or a.break_id = $4)
order by a.decided_at desc, a.adjustment_id desc
limit $2;
