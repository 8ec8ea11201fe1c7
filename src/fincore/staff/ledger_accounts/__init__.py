"""The resource `/staff/v1/ledger_accounts`: accounts of the ledger, what each held after any entry, and its postings."""
