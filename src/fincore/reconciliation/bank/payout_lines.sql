-- name: unnamed_lines
-- Lines that name no payout that was known so far: $1 after which, $2 at most so many.
select l.bank_line_no, l.livemode, l.about
from reconciliation.bank_lines l
where l.bank_line_no > $1
  and not exists (select from reconciliation.bank_line_payouts o where o.bank_line_no = l.bank_line_no)
order by l.bank_line_no
limit $2;

-- name: accounts_that_pay_out
-- The accounts at PSPs that ever sent a payout.
select distinct livemode, split_part(name, ':', 2) as psp, split_part(name, ':', 3) as psp_account
from ledgerdb.accounts
where name like 'psp:%:in\_transit:%';

-- name: known_payouts
-- Which of some streams are payouts that the ledger knows.
select distinct stream_id from ledgerdb.entries where stream_id = any ($1::uuid[]) and kind = 'payout.created';

-- name: named_by_bank_reference
-- The payouts to which PSPs' files give one of the references of a bank: a line of the payout, or one that it carries.
select distinct f.livemode, f.psp, f.psp_account, coalesce(l.payout_reference, l.about[1], l.psp_reference) as psp_reference,
    l.bank_reference
from reconciliation.lines l
join reconciliation.files f using (file_id)
where l.bank_reference = any ($1::text[]) and (l.kind = 'payout' or l.payout_reference is not null) and f.status = 'booked';

-- name: keep_payouts
-- The payouts that lines name.
insert into reconciliation.bank_line_payouts (bank_line_no, stream_id, psp, psp_account, psp_reference, rule)
select * from unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
on conflict (bank_line_no) do nothing;

-- name: unmatched_lines
-- Lines that name a payout and have no entry yet.
select l.bank_line_no, l.statement_no, l.livemode, l.bank, l.kind, l.currency, l.amount_minor, l.occurred_at, o.psp, o.psp_account,
    o.psp_reference
from reconciliation.bank_line_payouts o
join reconciliation.bank_lines l using (bank_line_no)
where not exists (select from reconciliation.bank_matches m where m.bank_line_no = o.bank_line_no)
order by l.bank_line_no;
