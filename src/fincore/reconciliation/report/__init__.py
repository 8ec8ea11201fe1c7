"""The report of a run: every figure as of that run, so that the same run gives the same bytes whenever it is asked for.

It refuses to know how a run works, and what became known after it.
"""
