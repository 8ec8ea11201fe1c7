"""Rules of staff: conditions over facts that are declared with their types, checked when they are saved.

It refuses to know what a rule decides, and where the facts come from.
"""
