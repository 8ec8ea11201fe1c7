-- What an account moves on a day, and its balance by effective time, may be beyond bigint: postings that follow on each other in
-- the order of booking, and keep its balance within, do not in the order in which they happened.
alter table ledgerdb.account_days
    alter column debit_minor type numeric(38, 0),
    alter column credit_minor type numeric(38, 0),
    alter column closing_minor type numeric(38, 0);
alter table ledgerdb.account_hours
    alter column net_minor type numeric(38, 0);
