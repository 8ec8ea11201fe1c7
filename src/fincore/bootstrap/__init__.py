"""Composition: settings in, running roles out. It knows every package and refuses to know what a role does.

Each role has a module of its name: api, worker, projectionist, ledger, notify, auditor, risk; `everything.py` starts all of
them, and `operator_stores.py` opens what an operator's command needs.
"""
