"""FinCore Payments: takes charges by API, has PSPs carry them out, keeps all events in a log and the money in a ledger.

Start reading at `domain/charge.py` (what a charge may do), then `bootstrap/roles.py` (which processes run).
"""
