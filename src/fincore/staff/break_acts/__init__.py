"""The acts of staff that end breaks by entries: adjust, write off, take back, explain what a PSP held at first.

It knows no ledger account, and what is booked it does not decide.
"""
