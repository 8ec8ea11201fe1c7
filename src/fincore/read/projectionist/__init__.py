"""The projectionist: reads the log and folds events into the query view.

It refuses to decide anything: it shows what the log says, and would show the same again from the beginning.
"""
