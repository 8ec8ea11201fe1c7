"""Routing: which accounts at which PSPs may carry a charge, decided before it is written, and whether they can be called now.

It refuses to know how a charge is stored, how a PSP is called, and what became of a charge.
"""
