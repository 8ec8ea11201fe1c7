"""Derives the record of reconciliation anew where LedgerDB lost it: what the log tells of files and runs, from the evidence.

It refuses to know what differs: where a run cannot be derived as the log tells it, nothing of it is written.
"""
