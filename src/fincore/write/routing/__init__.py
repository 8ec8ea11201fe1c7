"""Routing: which account at which PSP a charge goes to, decided before the charge is written.

It refuses to know how a charge is stored, how a PSP is called, and what became of a charge.
"""
