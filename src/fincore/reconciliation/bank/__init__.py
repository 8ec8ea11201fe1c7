"""Statements of our banks, compared with what the ledger says that payouts brought to them.

It refuses to know PSPs' settlement files beyond the payouts they name, and it takes no line for a payout by amount and date alone.
"""
