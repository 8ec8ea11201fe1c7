"""The ledger's database: a schema that cannot hold an unbalanced or altered entry, and what is asked of it.

It does not know events: it keeps accounts, entries and postings for any caller that books.
"""
