"""What people book to end differences with PSPs: an adjustment or a write-off of a break, and that it is taken back.

It refuses to know how breaks are found and matched, and how anything is shown; it books nothing itself: the ledger follows the log.
"""
