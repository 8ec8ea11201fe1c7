"""The schema of the ledger's database, as migrations: accounts, entries, postings, the law, the checkpoints."""
