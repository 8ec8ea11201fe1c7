"""Recording of settlement: what PSPs report of payouts, and what settlement files state and what people adjust, each in a stream of its own.

It refuses to know how a file is read and how its lines are matched, and which PSP a report comes from.
"""
