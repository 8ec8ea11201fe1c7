"""The query side: charges, refunds, disputes and events, indexed for what merchants and staff ask.

It refuses to be the truth: every row can be rebuilt from the log, and nothing here writes one.
"""
