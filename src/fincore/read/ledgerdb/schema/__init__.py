"""The schema of the ledger's database, as migrations: accounts, entries, postings, the triggers that keep them balanced, the checkpoints."""
