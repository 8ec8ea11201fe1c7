"""Compares the lines of settlement files with the clearing items of the ledger: equal sums match, and what is left are breaks.

It refuses to know how a file is written and where it came from, and it never guesses: what is not named or not equal stays open.
"""
