"""The resource `/staff/v1/reconciliation_days`: days of runs, sealed one after the other, and the report of each."""
