-- What the services may do: add to the ledger, and move the balances that follow from it.
grant usage on schema ledgerdb to fincore_service;
grant select, insert, update (balance_minor, version) on ledgerdb.accounts to fincore_service;
grant select, insert on ledgerdb.entries to fincore_service;
grant select, insert on ledgerdb.postings to fincore_service;
grant select, insert, update on ledgerdb.checkpoints to fincore_service;
