"""The composition root: settings in, running objects out. The only package that knows all others.

Each role has a module of its name: api, worker, projectionist, ledger, notify, auditor; `everything.py` is all of
them together.
"""
