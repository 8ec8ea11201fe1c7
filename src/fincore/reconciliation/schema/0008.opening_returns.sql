-- What came back of payouts that had left before the first file of an account is of before, too: the balance at the beginning of that file
-- lacks it. A file that turns out to have such a payout takes it out again.
alter table reconciliation.openings add column kind text collate "C" not null default 'opening'
    check (kind in ('opening', 'opening_return'));
alter table reconciliation.openings drop constraint openings_pkey, add primary key (file_id, currency, kind);
