"""Parsers, one module a format: bytes in, settlement lines and control totals out. Pure.

They refuse a file with anything in it that they do not know, and refuse to know where it came from and what the ledger has.
"""
