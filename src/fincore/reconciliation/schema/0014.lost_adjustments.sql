-- An adjustment that the log tells of, after LedgerDB's database was restored from before it, stands for the lines and items that it names, also
-- where the break that it ended is not known again.
alter table reconciliation.adjustments
    drop constraint adjustments_end_a_break,
    add constraint adjustments_of_openings_end_no_break check (adjusts <> 'opening' or break_id is null);
drop index reconciliation.adjustments_of_openings;
create unique index adjustments_of_openings on reconciliation.adjustments (livemode, psp, psp_account, currency, generation)
    where adjusts = 'opening';
