"""The resource `/staff/v1/reconciliation_runs`: runs of reconciliation, and the report of each."""
