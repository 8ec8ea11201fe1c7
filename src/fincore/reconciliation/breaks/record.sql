-- name: read_break
-- All that is known of the break $1 by itself.
select b.break_id, b.class, b.livemode, b.psp, b.psp_account, b.currency, b.amount_minor, b.subject, b.line_no, b.entry_id, b.account_id,
    b.file_id, b.stream_id, b.reference, b.status, b.owner, b.opened_at, b.closed_at, o.run_id as opened_by, s.run_id as seen_by,
    c.run_id as closed_by,
    greatest(floor(extract(epoch from coalesce(b.closed_at, now()) - b.opened_at) / 86400), 0)::int as days
from reconciliation.breaks b
join reconciliation.runs o on o.run_no = b.opened_by
join reconciliation.runs s on s.run_no = b.seen_by
left join reconciliation.runs c on c.run_no = b.closed_by
where b.break_id = $1;

-- name: items_of_break
-- What the ledger expects of the charge $1 at the account $2 (mode), $3, $4, or the item $5, $6 alone: each item with whether a line
-- has matched its parts. $7 at most.
select i.entry_id, i.account_id, i.kind, i.psp_reference, i.gross_minor, i.fee_minor, i.effective_at, a.currency,
    i.gross_minor = 0 or g.run_no is not null as is_gross_matched, i.fee_minor = 0 or f.run_no is not null as is_fee_matched
from ledgerdb.clearing_items i
join ledgerdb.accounts a using (account_id)
left join reconciliation.matches g on g.entry_id = i.entry_id and g.account_id = i.account_id and g.part = 'gross'
left join reconciliation.matches f on f.entry_id = i.entry_id and f.account_id = i.account_id and f.part = 'fee'
where a.livemode = $2 and a.owner = $3 and split_part(a.name, ':', 3) = $4
  and (i.stream_id = $1 or (i.entry_id, i.account_id) = ($5, $6))
order by i.entry_id
limit $7;

-- name: lines_of_break
-- What statements say of the same: the line $1; lines that matched the items of the charge $2 at the account $3 (mode), $4, $5; open
-- lines that name what these items are of; and lines of the payout $6. $7 at most.
with items as (
    select i.entry_id, i.account_id, i.psp_reference
    from ledgerdb.clearing_items i
    join ledgerdb.accounts a using (account_id)
    where i.stream_id = $2 and a.livemode = $3 and a.owner = $4 and split_part(a.name, ':', 3) = $5
),
wanted as (
    select $1::bigint as line_no
    union
    select m.line_no from items i join reconciliation.matches m using (entry_id, account_id) where m.line_no is not null
    union
    select o.line_no
    from reconciliation.open_lines o
    join reconciliation.lines l using (line_no)
    where l.about || l.psp_reference || l.parent_reference && (select array_agg(psp_reference) from items where psp_reference <> '')
    union
    select line_no from reconciliation.lines where payout_reference = $6
)
select l.line_no, f.name as file_name, l.number, l.kind, l.psp_type, l.psp_reference, l.currency, l.gross_minor, l.fee_minor, l.occurred_at,
    l.gross_minor = 0 or g.run_no is not null as is_gross_matched, l.fee_minor = 0 or e.run_no is not null as is_fee_matched
from wanted w
join reconciliation.lines l using (line_no)
join reconciliation.files f using (file_id)
left join reconciliation.matches g on g.line_no = l.line_no and g.part = 'gross'
left join reconciliation.matches e on e.line_no = l.line_no and e.part = 'fee'
where (f.livemode, f.psp, f.psp_account) = ($3, $4, $5)
order by l.line_no
limit $7;

-- name: bank_lines_of_break
-- What banks state of the payout with the stream $1. $2 at most.
select s.name as file_name, l.number, l.bank, l.kind, l.bank_reference, l.currency, l.amount_minor, l.occurred_at,
    m.run_no is not null as is_matched
from reconciliation.bank_line_payouts o
join reconciliation.bank_lines l using (bank_line_no)
join reconciliation.bank_statements s using (statement_no)
left join reconciliation.bank_matches m using (bank_line_no)
where o.stream_id = $1
order by l.bank_line_no
limit $2;

-- name: file_of_break
-- The file $1, and the one before it under its name.
select f.file_id, f.name, f.source, f.status, f.refusal_line, f.refusal, f.sha256, f.fetched_at, r.file_id as replaces, r.status as replaced_status
from reconciliation.files f
left join reconciliation.files r on r.file_id = reconciliation.replaced_file(f.file_id)
where f.file_id = $1;

-- name: decisions_of_file
-- What people decided about the file $1; $2 at most, the last ones.
select * from (
    select decision_no, action, status, actor, coalesce(username, regexp_replace(actor, '^operator:', '')) as by, reason, format, account_id, acted_at
    from reconciliation.file_actions
    where file_id = $1
    order by decision_no desc
    limit $2
) last
order by decision_no;

-- name: states_of_break
-- What runs found of the break $1, the first one first; $2 at most, the last ones.
select * from (
    select s.run_no, r.run_id, r.cut_off, s.class, s.currency, s.amount_minor
    from reconciliation.break_states s
    join reconciliation.runs r using (run_no)
    where s.break_id = $1
    order by s.run_no desc
    limit $2
) last
order by run_no;

-- name: actions_of_break
-- What was done with the break $1, and with those that became part of it; $2 at most, the last ones.
with recursive merged (break_id) as (
    select $1::bigint
    union
    select a.break_id from reconciliation.break_actions a join merged m on a.other_break = m.break_id and a.action = 'merge'
)
select * from (
    select a.break_id, a.action_no, a.action, a.status, a.actor, coalesce(a.username, regexp_replace(a.actor, '^operator:', '')) as by, a.owner, a.reason, a.reference, a.other_break, a.acted_at
    from reconciliation.break_actions a
    join merged using (break_id)
    order by a.acted_at desc, a.break_id desc, a.action_no desc
    limit $2
) last
order by acted_at, break_id, action_no;
