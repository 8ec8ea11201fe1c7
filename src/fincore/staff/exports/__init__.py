"""The resource `/staff/v1/exports`: lists as CSV files, whole, with totals that can be compared with the ledger."""
