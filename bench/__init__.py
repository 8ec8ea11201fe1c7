"""Measures FinCore beside references taken in the same run. `python -m bench --help` lists the sections.

It knows the product from outside: its command, its HTTP, its tables; it refuses to be imported by it.
"""
