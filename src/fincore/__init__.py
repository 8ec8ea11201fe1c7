"""FinCore Payments: takes charges by API, has PSPs carry them out, keeps the truth as events and the money in a ledger.

Start reading at `domain/charge.py` (what a charge may do), then `bootstrap.py` (what runs).
"""
