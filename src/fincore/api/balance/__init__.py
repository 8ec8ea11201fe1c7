"""/v1/balance and /v1/balance_transactions: what a merchant is owed, and each change of it.

It refuses to compute an amount: the ledger says them all.
"""
