"""Reads kept settlement files into lines, and has the log tell what each file states.

It refuses to know what the ledger expects: a file is read whole or not at all, whether or not its lines are known.
"""
