"""The schema of reconciliation, as migrations; it lives in LedgerDB's database."""
