"""The read path: reads the log and keeps what can be asked: the query view of charges, and the ledger.

It refuses to know how anything came into the log: it never imports the write path, and never decides.
"""
