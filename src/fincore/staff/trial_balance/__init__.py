"""The resource `/staff/v1/trial_balance`: both sides of the ledger in each currency, after any entry."""
